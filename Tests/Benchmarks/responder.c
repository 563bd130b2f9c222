/* The floor of the benchmark: a FastCGI program that does nothing.
 *
 * It runs on the same libfcgi as Coatcheck, with as many threads, reads no parameter and
 * answers every request with the same bytes: a check's 204, or those of a file. What Coatcheck takes longer than this is what its
 * session check costs; what this takes is nginx, libfcgi and the kernel.
 *
 * Each thread owns its FCGX_Request and waits in accept by itself: libfcgi has no lock that
 * would be shared, and the kernel hands each connection to one thread.
 *
 *   responder SOCKET THREADS [ANSWER]     ends at SIGTERM or SIGINT, removes its socket
 */
#include <errno.h>
#include <fcgiapp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The same as Coatcheck's, so that a full queue of connections refuses neither of them. */
enum { BACKLOG = 4096, MOST_THREADS = 256, MOST_BYTES = 65536 };

/* `Status:` first, as nginx takes an answer without it for 200; the headers of a real check,
 * so that nginx parses as much for the one as for the other. */
static char answer[MOST_BYTES] =
    "Status: 204 No Content\r\n"
    "X-Auth-User: user0000000@bench.example\r\n"
    "X-Auth-Id: 0123456789abcdef012345\r\n"
    "X-Auth-Groups: \r\n"
    "X-Auth-Session: 0123456789abcdef012345\r\n\r\n";
static int length;

static int listener;

static int read_answer(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return 0;
    length = (int)fread(answer, 1, sizeof answer, file);
    fclose(file);
    return length > 0 && length < MOST_BYTES;
}

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
        FCGX_PutStr(answer, length, request.out);
        FCGX_Finish_r(&request);
    }
}

int main(int count, char **arguments) {
    int threads = count == 3 || count == 4 ? atoi(arguments[2]) : 0;
    int received = 0;
    sigset_t ending;
    if (threads < 1 || threads > MOST_THREADS) {
        fprintf(stderr, "usage: responder SOCKET THREADS (1 to %d) [ANSWER]\n", MOST_THREADS);
        return 2;
    }
    length = (int)strlen(answer);
    if (count == 4 && !read_answer(arguments[3])) {
        fprintf(stderr, "responder: no answer of at most %d bytes in %s\n", MOST_BYTES - 1,
                arguments[3]);
        return 1;
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
