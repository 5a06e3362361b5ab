#include "fixture.h"
#define NEEDS(x) x(rdma_cm) x(ib_uverbs)
FIXTURE(rdma_ucm, NEEDS);
