#pragma once
// System calls of Linux and glibc that Swift's Glibc module leaves out.
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

// Declared by glibc under _GNU_SOURCE only, which the Glibc module is built without.
int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);
int pthread_tryjoin_np(pthread_t thread, void **result);
int pthread_setname_np(pthread_t thread, const char *name);
int sched_getcpu(void);
