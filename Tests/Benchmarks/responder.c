/* The floor of the benchmark: a FastCGI program that does nothing.
 *
 * It runs on the same libfcgi as Coatcheck, with as many threads, reads no parameter and
 * answers every request with the same 204. What Coatcheck takes longer than this is what its
 * session check costs; what this takes is nginx, libfcgi and the kernel.
 *
 * Each thread owns its FCGX_Request and waits in accept by itself: libfcgi has no lock that
 * would be shared, and the kernel hands each connection to one thread.
 *
 *   responder SOCKET THREADS        ends at SIGTERM or SIGINT, removes its socket
 */
#include <errno.h>
#include <fcgiapp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The same as Coatcheck's, so that a full queue of connections refuses neither of them. */
enum { BACKLOG = 4096, MOST_THREADS = 256 };

/* `Status:` first, as nginx takes an answer without it for 200; the headers of a real check,
 * so that nginx parses as much for the one as for the other. */
static const char answer[] =
    "Status: 204 No Content\r\n"
    "X-Auth-User: user000@bench.example\r\n"
    "X-Auth-Id: 0123456789abcdef0123\r\n"
    "X-Auth-Groups: \r\n"
    "X-Auth-Session: 0123456789abcdef0123\r\n\r\n";

static int listener;

static void *serve(void *unused) {
    FCGX_Request request;
    (void)unused;
    if (FCGX_InitRequest(&request, listener, 0) != 0) {
        fprintf(stderr, "responder: FCGX_InitRequest failed\n");
        exit(1);
    }
    for (;;) {
        int status = FCGX_Accept_r(&request);
        if (status == -EINTR || status == -EAGAIN || status == -ECONNABORTED) continue;
        if (status < 0) {
            fprintf(stderr, "responder: accept failed: %d\n", status);
            exit(1);
        }
        FCGX_PutStr(answer, sizeof answer - 1, request.out);
        FCGX_Finish_r(&request);
    }
}

int main(int count, char **arguments) {
    int threads = count == 3 ? atoi(arguments[2]) : 0;
    int received = 0;
    sigset_t ending;
    if (threads < 1 || threads > MOST_THREADS) {
        fprintf(stderr, "usage: responder SOCKET THREADS (1 to %d)\n", MOST_THREADS);
        return 2;
    }
    FCGX_Init();
    listener = FCGX_OpenSocket(arguments[1], BACKLOG);
    if (listener < 0) {
        perror(arguments[1]);
        return 1;
    }
    /* Blocked before the threads start, so that they inherit it: a signal inside write would
     * lose the answer. Only the main thread takes them. */
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ending, NULL);
    for (int index = 0; index < threads; index++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, NULL) != 0) {
            perror("responder: pthread_create");
            return 1;
        }
    }
    sigwait(&ending, &received);
    unlink(arguments[1]);
    return 0;
}
