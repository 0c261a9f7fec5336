<?php

// Runs the function once and makes the answer of what it returned or threw.

namespace AppwriteEmulator;

use RuntimeContext;
use Stringable;
use Throwable;
use TypeError;

const MESSAGE_LIMIT = 8000; // bytes
const CUT = '... Log truncated due to size limit (8000 characters)';
const NO_RETURN = 'Return statement missing. return $context->res->empty() if no response is expected.';

/** One call of the function: its log lines and its only result. */
final class Execution
{
    private bool $hasPrinted = false;

    public function __construct(private Channel $channel, private int $id, private bool $isOpen)
    {
    }

    public function run(callable $main, RuntimeContext $context): void
    {
        ob_start(fn (string $text): string => $this->noted($text), 1);
        try {
            [$header, $body] = $this->outcome($main($context));
        } catch (Throwable $thrown) {
            [$header, $body] = [$this->failure($thrown), ''];
        }
        $this->flush();
        $this->isOpen = false; // a line after the result belongs to nobody
        $this->channel->write(RESULT, $this->id, $header, $body);
    }

    /** Log `messages` as one line. */
    public function write(string $level, array $messages): void
    {
        if (!$this->isOpen) {
            return;
        }
        $text = implode(' ', array_map(__NAMESPACE__ . '\rendered', $messages));
        if (strlen($text) > MESSAGE_LIMIT) {
            $text = substr($text, 0, MESSAGE_LIMIT) . CUT;
        }
        $this->channel->write(LOG, $this->id, ['level' => $level], $text);
    }

    public function writeError(string $message, string $stack, string $place): void
    {
        $this->write('error', ["{$message}\n{$stack}"]);
        if ($place !== '') {
            $this->write('error', ["At {$place}"]);
        }
    }

    private function outcome(mixed $output): array
    {
        if ($output == null) { // as Appwrite's server asks, so that an empty array is nothing, too
            $this->write('error', [NO_RETURN]);
            return [failed(NO_RETURN) + ['kind' => 'missing-return'], ''];
        }
        $output['body'] ??= ''; // throws what PHP says of a value that is no array
        $output['statusCode'] ??= 200;
        $output['headers'] ??= [];
        ['body' => $body, 'statusCode' => $status, 'headers' => $headers] = $output;
        if (!is_scalar($body) && !$body instanceof Stringable) {
            throw new TypeError('The body must be a string, not ' . get_debug_type($body) . '.');
        }
        if (!is_array($headers)) {
            throw new TypeError('Headers must be an array, not ' . get_debug_type($headers) . '.');
        }
        return [['status' => $status, 'headers' => sentHeaders($headers)], strval($body)];
    }

    private function failure(Throwable $thrown): array
    {
        $stack = trace($thrown);
        $this->writeError($thrown->getMessage(), $stack, place($thrown));
        return failed($thrown->getMessage(), $stack);
    }

    /** Printed text goes on at once; all of an execution's ends with a line break in Appwrite. */
    private function noted(string $text): string
    {
        $this->hasPrinted = $this->hasPrinted || $text !== '';
        return $text;
    }

    private function flush(): void
    {
        while (ob_get_level() > 0 && ob_end_flush());
        if ($this->hasPrinted) {
            echo "\n";
        }
    }
}

function rendered(mixed $message): string
{
    return is_array($message) || is_object($message) ? json_encode($message) : strval($message);
}

function failed(string $message, string $stack = ''): array
{
    return ['status' => 500, 'headers' => [], 'error' => ['message' => $message, 'stack' => $stack]];
}

/** Pairs of name and value; a list of values makes several, and what Swoole leaves out goes. */
function sentHeaders(array $headers): array
{
    $pairs = [];
    foreach (array_change_key_case($headers) as $name => $values) {
        foreach (is_array($values) ? $values : [$values] as $value) {
            $line = rtrim(strval($value));
            if (is_string($name) && $value !== null && strpbrk($line, "\r\n\0") === false) {
                $pairs[] = [$name, fromBytes($line)];
            }
        }
    }
    return $pairs;
}

/** The stack trace as PHP writes it, without the launcher's frames. */
function trace(Throwable $thrown): string
{
    $ours = '~^#\d+ ' . preg_quote(__DIR__, '~') . '/~';
    $lines = preg_grep($ours, explode("\n", $thrown->getTraceAsString()), PREG_GREP_INVERT);
    $numbered = static fn (string $line, int $n): string => preg_replace('/^#\d+/', "#{$n}", $line);
    return implode("\n", array_map($numbered, $lines, array_keys(array_values($lines))));
}

/** The file and line of user code where something was thrown, "" if it had returned. */
function place(Throwable $thrown): string
{
    $frames = [['file' => $thrown->getFile(), 'line' => $thrown->getLine()], ...$thrown->getTrace()];
    foreach ($frames as $frame) {
        if (isset($frame['file']) && dirname($frame['file']) !== __DIR__) {
            return "{$frame['file']}:{$frame['line']}";
        }
    }
    return '';
}
