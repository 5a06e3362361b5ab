#include "fixture.h"
#define NEEDS(x) x(mlx_compat)
FIXTURE(mlxfw, NEEDS);
