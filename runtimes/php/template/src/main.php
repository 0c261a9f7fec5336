<?php

// Greets whom the query names: GET /?name=Ada

return function ($context) {
    $name = $context->req->query['name'] ?? 'world';

    $context->log("Greeting $name");

    return $context->res->text("Hello, $name!");
};
