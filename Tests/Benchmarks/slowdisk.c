// A disk that takes its time: each wait for it lasts SLOWDISK_US microseconds longer.
//
//   gcc -O2 -Wall -Werror -shared -fPIC -o slowdisk.so slowdisk.c
//   SLOWDISK_US=5000 LD_PRELOAD=./slowdisk.so store-bench
//
// SQLite waits by fdatasync(2), and by fsync(2) for folders.
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int then_wait(int status)
{
    const char *text = getenv("SLOWDISK_US");
    long microseconds = text ? atol(text) : 0;
    struct timespec pause = {microseconds / 1000000, microseconds % 1000000 * 1000};
    nanosleep(&pause, NULL);
    return status;
}

int fdatasync(int file)
{
    return then_wait(syscall(SYS_fdatasync, file));
}

int fsync(int file)
{
    return then_wait(syscall(SYS_fsync, file));
}
