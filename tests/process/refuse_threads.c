/* Stands in front of `pthread_create` (LD_PRELOAD) and refuses some threads, as a system does that has no more of them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_long asked, first, last, refused;

/* From now on the threads that are asked for are numbered from 0, and those from `from` to before `to` are refused. */
void refuse_threads(long from, long to)
{
	first = from;
	last = to;
	asked = 0;
	refused = 0;
}

long refused_threads(void)
{
	return refused;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
	static int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	if (!next)
		next = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(RTLD_NEXT, "pthread_create");
	long number = atomic_fetch_add(&asked, 1);
	if (number >= first && number < last) {
		atomic_fetch_add(&refused, 1);
		return EAGAIN;
	}
	return next(thread, attributes, start, argument);
}
