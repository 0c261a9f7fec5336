"""A function in PHP whose build installs packages with Composer."""

from __future__ import annotations

import json

from .server import Project

GREETING = """<?php
require 'vendor/autoload.php';
return fn ($context) => $context->res->text((new Demo\\Greeter())->greet($context->req->bodyText));
"""
GREETER = '<?php\nnamespace Demo;\nclass Greeter { function greet($name) { return "Hi $name"; } }\n'


def test_packages_that_composer_installed_are_found(project: Project) -> None:
    project.function(runtime="php-8.3", entrypoint="main.php")
    local = {"type": "path", "url": "packages/*", "options": {"symlink": False}}
    files = {
        "main.php": GREETING,
        "composer.json": json.dumps(
            {"repositories": [local, {"packagist.org": False}], "require": {"demo/greeter": "*"}}
        ),
        "packages/greeter/composer.json": json.dumps(
            {"name": "demo/greeter", "version": "1.0", "autoload": {"psr-4": {"Demo\\": "src"}}}
        ),
        "packages/greeter/src/Greeter.php": GREETER,
    }
    built = project.deploy("f", files, commands="composer install")
    assert built["status"] == "ready", built["buildLogs"]
    assert project.execute("f", body="Ada")["responseBody"] == "Hi Ada"
