<?php

// Hosts one PHP function: takes frames on descriptor 3, answers on descriptor 4.

namespace AppwriteEmulator;

use Error;
use Exception;
use FFI;
use ParseError;
use RuntimeContext;
use Throwable;
use TypeError;

const PROTOCOL = 1;
const READY = 1, LOAD = 2, LOADED = 3, LOAD_FAILED = 4, CALL = 5, RESULT = 6, LOG = 7, LEAVE = 8;
const ASK = 9, PENDING = 10;
const CHUNK = 1 << 18; // bytes asked for at once

const NO_MAIN = "Function signature invalid. Did you forget to export a 'main' function?";
const FATAL = E_ERROR | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR;

/** The two pipes to the emulator. A frame: 16 bytes of head, a JSON header, a raw body. */
final class Channel
{
    private $source;
    private $target;

    public function __construct()
    {
        $this->source = fopen('php://fd/3', 'rb');
        $this->target = fopen('php://fd/4', 'wb');
        stream_set_read_buffer($this->source, 0); // PHP's own would ask for small pieces
        self::keepFromChildren();
    }

    /** The next frame as [type, id, header, body], or null when the emulator is gone. */
    public function read(): ?array
    {
        $head = $this->exactly(16);
        if ($head === null || ord($head[0]) !== PROTOCOL) {
            return null;
        }
        ['type' => $type, 'id' => $id, 'header' => $size, 'body' => $bodySize] =
            unpack('Cversion/Ctype/nflags/Nid/Nheader/Nbody', $head);
        $header = $this->exactly($size);
        $body = $this->exactly($bodySize);
        return $body === null ? null : [$type, $id, json_decode($header, true), $body];
    }

    public function write(int $type, int $id, array $header, string $body = ''): void
    {
        $json = json_encode($header, JSON_INVALID_UTF8_SUBSTITUTE);
        $head = pack('CCnNNN', PROTOCOL, $type, 0, $id, strlen($json), strlen($body));
        fwrite($this->target, $head . $json . $body);
    }

    private function exactly(int $size): ?string
    {
        $data = '';
        while (strlen($data) < $size) {
            $piece = @fread($this->source, min($size - strlen($data), CHUNK));
            if ((string) $piece === '' && feof($this->source)) { // else a signal has come
                return null;
            }
            $data .= $piece;
        }
        return $data;
    }

    /** Programs that user code starts must not hold the pipes, and only FFI can say so. */
    private static function keepFromChildren(): void
    {
        try {
            $system = FFI::cdef('int fcntl(int descriptor, int command, ...);');
        } catch (Error) { // it is not installed, or not allowed
            return;
        }
        [$setFlags, $closeOnExec] = [2, 1];
        foreach (range(3, 9) as $descriptor) { // with the copies that PHP has made
            $system->fcntl($descriptor, $setFlags, $closeOnExec);
        }
    }
}

/** User code could not be loaded; the message is what the execution's errors will say. */
final class LoadFailed extends Exception
{
}

/** What the entrypoint returns, in the words of Appwrite's PHP server when that is no callable. */
function loaded(string $root, string $entrypoint): callable
{
    $file = "{$root}/{$entrypoint}";
    if (!file_exists($file)) {
        throw new LoadFailed("Failed to load entrypoint, file {$entrypoint} does not exist.");
    }
    try {
        $main = included($file);
    } catch (ParseError $e) {
        $place = "{$e->getFile()}:{$e->getLine()}";
        throw new LoadFailed("Syntax error in {$place}: {$e->getMessage()}", 0, $e);
    } catch (TypeError $e) {
        throw new LoadFailed($e->getMessage(), 0, $e);
    } catch (Throwable $e) {
        throw new LoadFailed("Failed to load module: {$e->getMessage()}", 0, $e);
    }
    return is_callable($main) ? $main : throw new LoadFailed(NO_MAIN);
}

/** A function of its own: the file must not see our variables. */
function included(): mixed
{
    return include func_get_arg(0);
}

final class Launcher
{
    private mixed $main = null;
    private array $enforced = [];
    private bool $isLoading = false;
    private ?Execution $execution = null;

    public function __construct(private Channel $channel)
    {
        register_shutdown_function(fn () => $this->lastWords());
    }

    public function run(): void
    {
        while ([$type, $id, $header, $body] = $this->channel->read()) {
            match ($type) {
                LOAD => $this->load($header),
                CALL => $this->call($id, $header, $body),
                LEAVE => exit(0),
                ASK => $this->channel->write(PENDING, 0, ['pending' => (object) []]), // nothing ever is
                default => null,
            };
        }
    }

    private function load(array $order): void
    {
        $started = hrtime(true);
        $this->isLoading = true;
        foreach ($order['env'] as $name => $value) {
            putenv("{$name}={$value}");
            $_ENV[$name] = $_SERVER[$name] = $value;
        }
        chdir($order['cwd']);
        try {
            $this->main = loaded($order['dir'], $order['entrypoint']);
            $this->enforced = enforcedHeaders();
            $this->channel->write(LOADED, 0, ['ms' => (hrtime(true) - $started) / 1e6]);
        } catch (LoadFailed $e) {
            $this->refuse($e->getMessage(), $e->getPrevious() ? trace($e->getPrevious()) : '');
        }
        $this->isLoading = false;
    }

    private function refuse(string $message, string $stack): void
    {
        $this->channel->write(LOAD_FAILED, 0, ['message' => $message, 'stack' => $stack]);
    }

    private function call(int $id, array $call, string $body): void
    {
        $this->execution = new Execution($this->channel, $id, $call['logging'] ?? true);
        $context = new RuntimeContext(request($call, $body, $this->enforced), $this->execution);
        $this->execution->run($this->main, $context);
        $this->execution = null;
    }

    /** Tell of an error that no code can catch. The process ends now, and so does what it was at. */
    private function lastWords(): void
    {
        $error = error_get_last();
        if ($error === null || ($error['type'] & FATAL) === 0) {
            return;
        }
        ini_set('memory_limit', '-1'); // it may be what was used up
        $place = "{$error['file']}:{$error['line']}";
        if ($this->isLoading) {
            $this->refuse("Failed to load module: {$error['message']} at {$place}", '');
        }
        $this->execution?->writeError($error['message'], '#0 {main}', $place);
    }
}

(static function (): void { // leaves no variables to user code
    $channel = new Channel();
    $version = ['version' => PHP_VERSION, 'pid' => getmypid(), 'asks' => true];
    $channel->write(READY, 0, ['proto' => 1, 'runtime' => 'php'] + $version);
    foreach (['context', 'request', 'execution'] as $part) {
        require __DIR__ . "/{$part}.php";
    }
    (new Launcher($channel))->run();
})();
