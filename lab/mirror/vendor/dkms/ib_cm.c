#include "fixture.h"
#define NEEDS(x) x(ib_core)
FIXTURE(ib_cm, NEEDS);
