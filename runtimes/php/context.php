<?php

// What user code sees: the classes have Appwrite's names, which errors and type hints show.

class RuntimeRequest
{
    public string $bodyBinary = '';
    public array $headers = [];
    public string $method = '';
    public string $url = '';
    public string $path = '';
    public int $port = 80;
    public string $host = '';
    public string $scheme = '';
    public string $queryString = '';
    public array $query = [];

    public function __get(string $name): mixed
    {
        return match ($name) {
            'body' => $this->getBody(),
            'bodyRaw', 'bodyText' => $this->bodyBinary,
            'bodyJson' => $this->getBodyJson(),
            default => '',
        };
    }

    private function getBody(): mixed
    {
        $type = strtolower($this->headers['content-type'] ?? 'text/plain');
        if (!str_starts_with($type, 'application/json')) {
            return $this->bodyBinary;
        }
        return empty($this->bodyBinary) ? [] : $this->getBodyJson(); // "0" is empty, too
    }

    private function getBodyJson(): array
    {
        return json_decode($this->bodyBinary, true); // what is no array is a TypeError
    }
}

/** Every method returns a plain array, which counts only when it is returned. */
class RuntimeResponse
{
    public function binary(string $binary, int $statusCode = 200, array $headers = []): array
    {
        return ['body' => $binary, 'statusCode' => $statusCode, 'headers' => $headers];
    }

    public function text(string $body, int $statusCode = 200, array $headers = []): array
    {
        return $this->binary($body, $statusCode, $headers);
    }

    public function send(string $body, int $statusCode = 200, array $headers = []): array
    {
        return $this->text($body, $statusCode, $headers);
    }

    public function json(array $obj, int $statusCode = 200, array $headers = []): array
    {
        $headers['content-type'] = 'application/json';
        return $this->text(json_encode($obj, JSON_FORCE_OBJECT), $statusCode, $headers);
    }

    public function redirect(string $url, int $statusCode = 301, array $headers = []): array
    {
        $headers['location'] = $url;
        return $this->text('', $statusCode, $headers);
    }

    public function empty(): array
    {
        return $this->text('', 204);
    }
}

class RuntimeContext
{
    public RuntimeResponse $res;

    public function __construct(public RuntimeRequest $req, private \AppwriteEmulator\Execution $execution)
    {
        $this->res = new RuntimeResponse();
    }

    public function log(mixed ...$messages): void
    {
        $this->execution->write('log', $messages);
    }

    public function error(mixed ...$messages): void
    {
        $this->execution->write('error', $messages);
    }
}
