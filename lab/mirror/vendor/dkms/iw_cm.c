#include "fixture.h"
#define NEEDS(x) x(ib_core)
FIXTURE(iw_cm, NEEDS);
