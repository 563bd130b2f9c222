<?php
// PHP's own sessions, kept in files. The parameter ROUTE says what is asked: login, check or me.
session_start();
if ($_SERVER['ROUTE'] === 'login') {
    $_SESSION = ['user' => $_GET['user'], 'began' => time()];
    http_response_code(204);
} elseif (!isset($_SESSION['user'])) {
    http_response_code(401);
} elseif ($_SERVER['ROUTE'] === 'check') {
    header('X-Auth-User: ' . $_SESSION['user']);
    http_response_code(204);
} else {
    header('Content-Type: application/json');
    echo json_encode($_SESSION);
}
