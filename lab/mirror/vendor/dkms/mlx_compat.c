#include "fixture.h"
#define NEEDS(x)
FIXTURE(mlx_compat, NEEDS);
