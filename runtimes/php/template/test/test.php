<?php

// Calls the function as a client does: appwrite-emulator exec -- php @folder@/test/test.php

function call(string $path): array
{
    $options = [
        'method' => 'POST',
        'header' => [
            'Content-Type: application/json',
            'X-Appwrite-Project: ' . getenv('APPWRITE_PROJECT_ID'),
            'X-Appwrite-Key: ' . getenv('APPWRITE_API_KEY'),
        ],
        'content' => json_encode(['method' => 'GET', 'path' => $path]),
        'ignore_errors' => true,
    ];
    $url = getenv('APPWRITE_ENDPOINT') . '/functions/@function@/executions';
    $answer = file_get_contents($url, false, stream_context_create(['http' => $options]));

    return json_decode($answer, true);
}

$failed = 0;
foreach (['/?name=Ada' => 'Hello, Ada!', '/' => 'Hello, world!'] as $path => $expected) {
    $execution = call($path);
    $found = $execution['responseBody'] ?? $execution['message'];
    $isRight = $found === $expected;
    echo $isRight ? 'ok' : 'FAILED', "  $path is answered by: $found ", $execution['errors'] ?? '', "\n";
    $failed += $isRight ? 0 : 1;
}
exit($failed > 0 ? 1 : 0);
