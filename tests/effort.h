#pragma once
// How much a costly test does: sanitized code takes ten to twenty times as long, and finds what it
// finds in few repetitions.

namespace grapevine::testing {

template <class Amount>
constexpr Amount effort([[maybe_unused]] Amount full, [[maybe_unused]] Amount sanitized) {
#ifdef __SANITIZE_ADDRESS__
    return sanitized;
#else
    return full;
#endif
}

}  // namespace grapevine::testing
