/* SPDX-License-Identifier: ISC */
/*
 * sys_context - switching stacks, per machine
 *
 * Only the registers that a function call must preserve are saved. The first
 * switch to a context "returns" into its function with an aligned stack.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/base.h"
#include "lib/base/sys_build.h"
#include "lib/base/sys_context.h"

#if defined(__SANITIZE_ADDRESS__) || BUILD_ASAN
#include <sanitizer/common_interface_defs.h>
#define SWITCH_BEGIN(fake, to)                                                 \
	__sanitizer_start_switch_fiber(fake, (to)->stack, (to)->size)
#define SWITCH_END(fake, bottom, size)                                         \
	__sanitizer_finish_switch_fiber(fake, bottom, size)
#else
#define SWITCH_BEGIN(fake, to)		((void)0)
#define SWITCH_END(fake, bottom, size)	((void)0)
#endif

#if BUILD_TSAN
#include <sanitizer/tsan_interface.h>
#define FIBER_NEW()			__tsan_create_fiber(0)
#define FIBER_SELF()			__tsan_get_current_fiber()
#define FIBER_SWITCH(fiber)		__tsan_switch_to_fiber(fiber, 0)
#define FIBER_FREE(fiber)		__tsan_destroy_fiber(fiber)
#else
#define FIBER_NEW()			NULL
#define FIBER_SELF()			NULL
#define FIBER_SWITCH(fiber)		((void)0)
#define FIBER_FREE(fiber)		((void)0)
#endif

#if defined(__x86_64__)

void context_jump(void **save, void *sp);
__asm__(".text\n"
	".globl context_jump\n"
	".hidden context_jump\n"
	".type context_jump, @function\n"
	"context_jump:\n"
	"	endbr64\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".size context_jump, .-context_jump\n");

static void *
first_frame(char *top, void (*fn)(void))
{
	void **sp = (void **)top;

	*--sp = NULL; /* return address of fn: there is none */
	*--sp = (void *)fn;
	sp -= 6;
	memset(sp, 0, 6 * sizeof(*sp));
	return sp;
}

#elif defined(__aarch64__)

void context_jump(void **save, void *sp);
__asm__(".text\n"
	".globl context_jump\n"
	".hidden context_jump\n"
	".type context_jump, %function\n"
	"context_jump:\n"
	"	sub sp, sp, #160\n"
	"	stp x19, x20, [sp, #0]\n"
	"	stp x21, x22, [sp, #16]\n"
	"	stp x23, x24, [sp, #32]\n"
	"	stp x25, x26, [sp, #48]\n"
	"	stp x27, x28, [sp, #64]\n"
	"	stp x29, x30, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n"
	"	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	mov x2, sp\n"
	"	str x2, [x0]\n"
	"	mov sp, x1\n"
	"	ldp x19, x20, [sp, #0]\n"
	"	ldp x21, x22, [sp, #16]\n"
	"	ldp x23, x24, [sp, #32]\n"
	"	ldp x25, x26, [sp, #48]\n"
	"	ldp x27, x28, [sp, #64]\n"
	"	ldp x29, x30, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n"
	"	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n"
	"	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #160\n"
	"	ret\n"
	".size context_jump, .-context_jump\n");

static void *
first_frame(char *top, void (*fn)(void))
{
	void **sp = (void **)(top - 160);

	memset(sp, 0, 160);
	sp[11] = (void *)fn; /* x30, the link register */
	return sp;
}

#else
#include <ucontext.h>

static void
context_jump(void **save, void *sp)
{
	if (*save == NULL)
		*save = xcalloc(1, sizeof(ucontext_t));
	must(swapcontext(*save, sp) == 0);
}
#endif

void
context_init(struct context *c, void *stack, size_t size, void (*fn)(void))
{
	*c = (struct context){ .stack = stack, .size = size,
		.thread = FIBER_NEW() };
#if defined(__x86_64__) || defined(__aarch64__)
	c->sp = first_frame((char *)stack + size, fn);
#else
	ucontext_t *u = xcalloc(1, sizeof(*u));

	must(getcontext(u) == 0);
	u->uc_stack.ss_sp = stack;
	u->uc_stack.ss_size = size;
	makecontext(u, fn, 0);
	c->sp = u;
#endif
}

void
context_free(struct context *c)
{
#if !defined(__x86_64__) && !defined(__aarch64__)
	free(c->sp);
#endif
	c->sp = NULL;
	FIBER_FREE(c->thread);
}

void
context_switch(struct context *from, struct context *to, int last)
{
	from->thread = FIBER_SELF();
	SWITCH_BEGIN(last ? NULL : &from->fake, to);
	(void)last;
	FIBER_SWITCH(to->thread);
	context_jump(&from->sp, to->sp);
	SWITCH_END(from->fake, NULL, NULL);
}

void
context_entered(struct context *self, struct context *from)
{
	(void)self;
	(void)from;
	SWITCH_END(NULL, (const void **)&from->stack, &from->size);
}

size_t
context_stack_size(void)
{
	return BUILD_ASAN || BUILD_TSAN ? 512 * 1024 : 64 * 1024;
}
