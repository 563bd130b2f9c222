// What a test can do to a running program: move its clock, make its disk fail, and have no threads.
//
//   gcc -O2 -Wall -Werror -shared -fPIC -o faults.so faults.c
//   FAULTS=/path/of/the/switches LD_PRELOAD=./faults.so coatcheck serve …
//
// The switches are a file of int64 that a test writes to and this library maps (faulty.py). SQLite
// reads by pread64(2), writes by pwrite64(2) and waits by fdatasync(2) and fsync(2); nothing else in
// the program uses them. The monotonic clock stays as it is, as it does when somebody sets a clock.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

// By how many seconds the clock is wrong; then, for each kind of call, which errno to fail with, how
// many calls succeed before, how many then fail (-1: all) and how many have failed.
struct fault { int64_t number, spared, left, failed; };
static volatile struct switches {
    int64_t clock;
    struct fault reading, writing, waiting, threading;
} *switches;

__attribute__((constructor)) static void map_switches(void)
{
    const char *path = getenv("FAULTS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) abort();
    void *found = mmap(NULL, sizeof *switches, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (found == MAP_FAILED) abort();
    switches = found;
    close(file);
}

static int fails(volatile struct fault *fault)
{
    int64_t left = __atomic_load_n(&fault->left, __ATOMIC_SEQ_CST);
    if (left == 0) return 0;
    if (__atomic_load_n(&fault->spared, __ATOMIC_SEQ_CST) > 0
        && __atomic_fetch_sub(&fault->spared, 1, __ATOMIC_SEQ_CST) > 0) return 0;
    if (left > 0 && __atomic_fetch_sub(&fault->left, 1, __ATOMIC_SEQ_CST) <= 0) {
        __atomic_store_n(&fault->left, 0, __ATOMIC_SEQ_CST);
        return 0;
    }
    __atomic_fetch_add(&fault->failed, 1, __ATOMIC_SEQ_CST);
    errno = fault->number;
    return 1;
}

static int64_t now_by(clockid_t clock, struct timespec *time)
{
    int status = syscall(SYS_clock_gettime, clock, time);
    if (status == 0 && switches && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        time->tv_sec += switches->clock;
    return status;
}

int clock_gettime(clockid_t clock, struct timespec *time) { return now_by(clock, time); }

time_t time(time_t *out)
{
    struct timespec now;
    now_by(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    now_by(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

ssize_t pread64(int file, void *to, size_t count, off64_t at)
{
    return fails(&switches->reading) ? -1 : syscall(SYS_pread64, file, to, count, at);
}

ssize_t pwrite64(int file, const void *from, size_t count, off64_t at)
{
    return fails(&switches->writing) ? -1 : syscall(SYS_pwrite64, file, from, count, at);
}

int fdatasync(int file) { return fails(&switches->waiting) ? -1 : syscall(SYS_fdatasync, file); }

int fsync(int file) { return fails(&switches->waiting) ? -1 : syscall(SYS_fsync, file); }

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *with)
{
    static int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
    return fails(&switches->threading) ? errno : next(thread, attributes, run, with);
}
