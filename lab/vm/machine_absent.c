/* The kind "machine" of a build without it: every wish for one is refused before anything is done. */
#include "vm.h"

#include <errno.h>

static int absent_prepare(const struct vm_env *env, const struct vm_spec *spec, struct error *err)
{
	(void)env;
	(void)spec;
	return error_set(err, FAULT_USAGE, ENOTSUP, "this ib-lab was built without machines");
}

static int absent_create(const struct vm_env *env, struct vm *vm, struct error *err)
{
	return absent_prepare(env, &vm->spec, err);
}

static void absent_forget(const struct vm_env *env, struct vm *vm)
{
	(void)env;
	(void)vm;
}

const struct vm_kind vm_kind_machine = {
	.name = "machine",
	.prepare = absent_prepare,
	.create = absent_create,
	.forget = absent_forget,
};
