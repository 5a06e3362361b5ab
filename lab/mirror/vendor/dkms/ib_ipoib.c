#include "fixture.h"
#define NEEDS(x) x(ib_cm)
FIXTURE(ib_ipoib, NEEDS);
