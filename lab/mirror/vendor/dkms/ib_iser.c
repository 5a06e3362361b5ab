#include "fixture.h"
#define NEEDS(x) x(rdma_cm)
FIXTURE(ib_iser, NEEDS);
