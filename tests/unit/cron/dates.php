<?php
// Asks upstream's library what it makes of cron expressions: a JSON array on the standard input.
// Debian: apt-get install php-cli php-dragonmantank-cron-expression

declare(strict_types=1);

require '/usr/share/php/Cron/autoload.php';

use Cron\CronExpression;

const MOMENTS = ['2023-12-31T23:59', '2024-02-28T12:30', '2026-06-30T10:00'];
const COUNT = 3;

/** The first dates after $moment, each in minutes after the one before; fewer when it gives up. */
function steps(CronExpression $expression, DateTime $moment): array
{
    $steps = [];
    try {
        while (count($steps) < COUNT) {
            $next = $expression->getNextRunDate($moment);
            $steps[] = intdiv($next->getTimestamp() - $moment->getTimestamp(), 60);
            $moment = $next;
        }
    } catch (Throwable) {
    }
    return $steps;
}

error_reporting(0);
ini_set('memory_limit', '256M');
date_default_timezone_set('UTC');
$found = [];
foreach (json_decode(stream_get_contents(STDIN), flags: JSON_THROW_ON_ERROR) as $text) {
    $expression = CronExpression::isValidExpression($text) ? new CronExpression($text) : null;
    $of = fn (string $moment): array => steps($expression, new DateTime($moment));
    $found[$text] = $expression ? array_map($of, MOMENTS) : null;
}
$lines = [];
foreach ($found as $text => $dates) {
    $lines[] = json_encode((string) $text) . ': ' . json_encode($dates);
}
echo "{\n\"moments\": ", json_encode(MOMENTS), ",\n\"dates\": {\n";
echo implode(",\n", $lines), "\n}\n}\n";
