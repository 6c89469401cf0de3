#pragma once

namespace packetboat::mime {

// The build is for generic x86-64, so vector code is functions with a target attribute, chosen when the program runs; elsewhere the
// portable path is the only one. What the decoders may use; each includes those before it. All of them give the same bytes, which is what
// their tests hold them to.
enum class Vectors : unsigned char { none, ssse3, avx2 };

inline Vectors detect_vectors() {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2")) return Vectors::avx2;
    if (__builtin_cpu_supports("ssse3")) return Vectors::ssse3;
#endif
    return Vectors::none;
}

// Of this machine.
inline Vectors vectors() {
    static const Vectors found = detect_vectors();
    return found;
}

}  // namespace packetboat::mime
