<?php

// Builds the request as Appwrite's PHP server does, and as the Swoole it runs on.

namespace AppwriteEmulator;

use RuntimeRequest;

function request(array $call, string $body, array $enforced): RuntimeRequest
{
    $request = new RuntimeRequest();
    $request->bodyBinary = $body;
    $request->headers = array_replace(receivedHeaders($call['headers']), $enforced);
    $request->method = $call['method'];
    $request->scheme = $call['scheme'];
    $request->host = $call['host'];
    $request->port = $call['port'];
    $request->path = urldecode($call['path']);
    $request->queryString = $call['queryString'];
    $request->query = parsedQuery($call['queryString']);
    $request->url = url($request);
    return $request;
}

function url(RuntimeRequest $request): string
{
    $usual = $request->scheme === 'https' ? 443 : 80;
    $port = $request->port === $usual ? '' : ":{$request->port}";
    $query = empty($request->queryString) ? '' : "?{$request->queryString}";
    return "{$request->scheme}://{$request->host}{$port}{$request->path}{$query}";
}

function parsedQuery(string $text): array
{
    $query = [];
    foreach (explode('&', $text) as $piece) {
        [$name, $value] = [...explode('=', $piece, 2), ''];
        if (!empty($name)) {
            $query[$name] = $value;
        }
    }
    return $query;
}

/** Of a repeated name the last value counts; cookies are taken apart and put together again. */
function receivedHeaders(array $pairs): array
{
    $headers = $cookies = [];
    foreach ($pairs as [$name, $text]) {
        $key = strtolower($name);
        $value = asBytes($text);
        if ($key === 'cookie') {
            $cookies = array_replace($cookies, parsedCookies($value));
        } elseif (!str_starts_with($key, 'x-open-runtimes-')) {
            $headers[$key] = $value;
        }
    }
    if ($cookies !== []) {
        $texts = array_map(fn ($name, $value) => "{$name}={$value}", array_keys($cookies), $cookies);
        $headers['cookie'] = implode('; ', $texts);
    }
    return $headers;
}

function parsedCookies(string $text): array
{
    preg_match_all('/\G\s*([^=]*)=([^;]*)(?:;|$)/', $text, $found, PREG_SET_ORDER);
    $cookies = [];
    foreach ($found as [, $name, $value]) {
        $isQuoted = strlen($value) > 1 && $value[0] === '"' && $value[-1] === '"';
        $cookies[$name] = urldecode($isQuoted ? substr($value, 1, -1) : $value);
    }
    unset($cookies['']);
    return $cookies;
}

/** Headers that the platform sets over the client's, from OPEN_RUNTIMES_HEADERS. */
function enforcedHeaders(): array
{
    $given = json_decode(getenv('OPEN_RUNTIMES_HEADERS') ?: '{}', true);
    $headers = array_change_key_case(is_array($given) ? $given : []);
    return array_map('strval', array_filter($headers, 'is_scalar'));
}

/** The bytes of a text that has one character for each byte, as frames carry headers. */
function asBytes(string $text): string
{
    $byte = static fn (array $found): string => chr(ord($found[0][0]) << 6 & 0xC0 | ord($found[0][1]) & 0x3F);
    return preg_replace_callback('/[\xC2\xC3][\x80-\xBF]/', $byte, $text);
}

/** The opposite of `asBytes`. */
function fromBytes(string $bytes): string
{
    $character = static fn (array $found): string => chr(0xC0 | ord($found[0]) >> 6) . chr(0x80 | ord($found[0]) & 0x3F);
    return preg_replace_callback('/[\x80-\xFF]/', $character, $bytes);
}
