// The header from C++: the functions must have C names, also in a namespace.
#include <cstddef>
#include <cstdint>
#include <limbeck.h>
#include <limbeck_distil.h>

namespace host {
std::int32_t close(limbeck_model *model) {
    limbeck_model_close(model);
    return LIMBECK_OK;
}
} // namespace host

static_assert(sizeof(limbeck_model_info_t) == 112, "the layout is that of C");
static_assert(sizeof(limbeck_distil_plan_t) == 48, "the layout is that of C");
static_assert(LIMBECK_KERNELS_UNAVAILABLE == 42, "the numbers are those of C");
