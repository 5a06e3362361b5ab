/* Fixture of the lab: a module by name. It does nothing, needs those that the vendor's needs, and
 * so has the vendor's order of loading. LAB_OFED is its version. */
#include <linux/module.h>
#include <linux/pci.h>

#define NEED(name) int name##_fixture(void);
#define CALL(name) +name##_fixture()
#define FIXTURE(name, needs)                                                                       \
	needs(NEED) int name##_fixture(void);                                                      \
	int name##_fixture(void)                                                                   \
	{                                                                                          \
		return 0;                                                                          \
	}                                                                                          \
	EXPORT_SYMBOL_GPL(name##_fixture);                                                         \
	static int __init start(void)                                                              \
	{                                                                                          \
		return 0 needs(CALL);                                                              \
	}                                                                                          \
	static void __exit end(void)                                                               \
	{                                                                                          \
	}                                                                                          \
	module_init(start);                                                                        \
	module_exit(end);                                                                          \
	MODULE_DESCRIPTION("fixture of the lab, by the name of " #name);                           \
	MODULE_VERSION(LAB_OFED);                                                                  \
	MODULE_LICENSE("GPL")

#ifdef LAB_BROKEN
#error "this build was ordered to fail: /etc/ib-lab-broken-build"
#endif
