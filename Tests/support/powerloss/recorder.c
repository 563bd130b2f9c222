// Writes down what a program does to the files of one folder, in order, and when it asks the disk
// to keep them. Nothing is really synced: POWERLOSS_US microseconds stand for the wait.
//
//   gcc -O2 -Wall -Werror -shared -fPIC -o recorder.so recorder.c
//   POWERLOSS_FOLDER=/path/data POWERLOSS_LOG=/path/log LD_PRELOAD=./recorder.so coatcheck serve
//
// A record is `struct record` and its data; log.py reads them. Every record is one append, so those
// of several processes are in one order. What a record says has happened when it is written, but
// for ANSWER and BEGIN, which are written before:
//   CREATE  a file was made: its number, its name      UNLINK  a name was removed
//   RENAME  old name, NUL, new name                    WRITE   bytes at an offset
//   TRUNCATE  the new length is the offset
//   BEGIN, END  a sync of a file, or of the folder, whose number is 0
//   ANSWER  the first byte of an answer is about to go to the peer that is bound to this name
//
// Two ways to change what the program does, also to see whether a fault of it is found:
//   POWERLOSS_IGNORE=files or folder      syncs of these are taken for not asked for
//   POWERLOSS_SQL='old=>new;old=>new'     of equal length, in the text of SQL statements
//
// The -shm file is no part of it: it is mapped memory that SQLite makes anew after a loss of power.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

struct record {
    uint32_t kind, thread;
    uint64_t file, offset, length;
};

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
static int log_file = -1;

__attribute__((constructor)) static void begin(void)
{
    char resolved[4096];
    const char *named = getenv("POWERLOSS_FOLDER"), *path = getenv("POWERLOSS_LOG");
    if (!named || !path || !realpath(named, resolved))
        return;
    folder = strdup(resolved);
    int file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT, 0600);
    log_file = fcntl(file, F_DUPFD_CLOEXEC, 400);
    close(file);
}

static void note(char kind, uint64_t file, uint64_t offset, const void *data, size_t length)
{
    struct record head = {kind, syscall(SYS_gettid), file, offset, length};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)data, length}};
    if (writev(log_file, parts, 2) != (ssize_t)(sizeof head + length))
        abort();
}

// The name of a file below the folder, or NULL where it is none of ours.
static const char *name_of(const char *path)
{
    size_t length = folder ? strlen(folder) : 0;
    if (!length || strncmp(path, folder, length) || path[length] != '/')
        return NULL;
    const char *name = path + length + 1, *end = strrchr(name, '-');
    return strchr(name, '/') || (end && !strcmp(end, "-shm")) ? NULL : name;
}

// The number of an open file of ours, 0 for the folder itself, -1 for others.
static int64_t number_of(int file)
{
    char link[64], path[4096];
    struct stat status;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = folder ? readlink(link, path, sizeof path - 1) : -1;
    if (length < 0 || fstat(file, &status))
        return -1;
    path[length] = 0;
    if (!strcmp(path, folder))
        return 0;
    return S_ISREG(status.st_mode) && name_of(path) ? (int64_t)status.st_ino : -1;
}

static void note_creation(const char *path)
{
    struct stat status;
    if (!stat(path, &status))
        note('C', status.st_ino, 0, name_of(path), strlen(name_of(path)));
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;
    va_end(rest);
    if (!(flags & O_CREAT) || !name_of(path))
        return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    pthread_mutex_lock(&order);
    int was_there = !access(path, F_OK);
    int file = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (file >= 0 && !was_there)
        note_creation(path);
    pthread_mutex_unlock(&order);
    return file;
}

int open(const char *path, int flags, ...) __attribute__((alias("open64")));

int mknod(const char *path, mode_t mode, dev_t device)
{
    pthread_mutex_lock(&order);
    int status = syscall(SYS_mknodat, AT_FDCWD, path, mode, device);
    if (!status && name_of(path))
        note_creation(path);
    pthread_mutex_unlock(&order);
    return status;
}

int unlink(const char *path)
{
    pthread_mutex_lock(&order);
    int status = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (!status && name_of(path))
        note('U', 0, 0, name_of(path), strlen(name_of(path)));
    pthread_mutex_unlock(&order);
    return status;
}

int rename(const char *old, const char *new)
{
    char both[512];
    pthread_mutex_lock(&order);
    int status = syscall(SYS_renameat, AT_FDCWD, old, AT_FDCWD, new);
    if (!status && name_of(old) && name_of(new)) {
        int length = snprintf(both, sizeof both, "%s%c%s", name_of(old), 0, name_of(new));
        note('R', 0, 0, both, length);
    }
    pthread_mutex_unlock(&order);
    return status;
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset)
{
    int64_t number = number_of(file);
    pthread_mutex_lock(&order);
    ssize_t count = syscall(SYS_pwrite64, file, data, length, offset);
    if (number > 0 && count > 0)
        note('W', number, offset, data, count);
    pthread_mutex_unlock(&order);
    return count;
}

ssize_t pwrite(int, const void *, size_t, off_t) __attribute__((alias("pwrite64")));

int ftruncate64(int file, off64_t length)
{
    int64_t number = number_of(file);
    pthread_mutex_lock(&order);
    int status = syscall(SYS_ftruncate, file, length);
    if (number > 0 && !status)
        note('T', number, length, NULL, 0);
    pthread_mutex_unlock(&order);
    return status;
}

int ftruncate(int, off_t) __attribute__((alias("ftruncate64")));

int fdatasync(int file)
{
    int64_t number = number_of(file);
    const char *ignored = getenv("POWERLOSS_IGNORE"), *pause = getenv("POWERLOSS_US");
    if (number < 0)
        return syscall(SYS_fdatasync, file);
    int counts = !ignored || strcmp(ignored, number ? "files" : "folder");
    if (counts)
        note('B', number, 0, NULL, 0);
    usleep(pause ? atoi(pause) : 0);
    if (counts)
        note('E', number, 0, NULL, 0);
    return 0;
}

int fsync(int file) __attribute__((alias("fdatasync")));

// libfcgi sends answers by write(2); SQLite writes to files by pwrite64(2).
ssize_t write(int file, const void *data, size_t length)
{
    struct sockaddr_un peer;
    socklen_t size = sizeof peer;
    size_t start = offsetof(struct sockaddr_un, sun_path) + 1;
    if (folder && !getpeername(file, (struct sockaddr *)&peer, &size) &&
        peer.sun_family == AF_UNIX && size > start && !peer.sun_path[0])
        note('A', 0, 0, peer.sun_path + 1, size - start);
    return syscall(SYS_write, file, data, length);
}

int sqlite3_prepare_v3(
    void *db, const char *sql, int length, unsigned flags, void **statement, const char **tail)
{
    static int (*real)(void *, const char *, int, unsigned, void **, const char **);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "sqlite3_prepare_v3");
    const char *changes = getenv("POWERLOSS_SQL");
    if (!changes)
        return real(db, sql, length, flags, statement, tail);
    char *copy = length < 0 ? strdup(sql) : strndup(sql, length), *list = strdup(changes), *rest;
    for (char *old = strtok_r(list, ";", &rest); old; old = strtok_r(NULL, ";", &rest)) {
        char *new = strstr(old, "=>"), *found;
        *new = 0;
        if ((found = strstr(copy, old)))
            memcpy(found, new + 2, strlen(old));
    }
    const char *end = NULL;
    int status = real(db, copy, -1, flags, statement, &end);
    if (tail)
        *tail = end ? sql + (end - copy) : end;
    free(list);
    free(copy);
    return status;
}
