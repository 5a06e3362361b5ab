#include "fixture.h"
#define NEEDS(x) x(ib_cm) x(iw_cm)
FIXTURE(rdma_cm, NEEDS);
