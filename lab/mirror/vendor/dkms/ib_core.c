#include "fixture.h"
#define NEEDS(x) x(mlx_compat)
FIXTURE(ib_core, NEEDS);
