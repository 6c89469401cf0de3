#include "files/system_error.h"

#include <cerrno>
#include <cstring>

namespace packetboat::files {

Unexpected system_failure(int number) {
    switch (number) {
        case ENOENT:
        case ENOTDIR:
        case ELOOP:
        case EXDEV: return fail(ErrorCode::not_found, "no such file or directory");
        case EACCES:
        case EPERM: return fail(ErrorCode::denied, "permission denied");
        case EEXIST: return fail(ErrorCode::exists, "there is one already");
        case EISDIR: return fail(ErrorCode::invalid, "it is a directory");
        case EINVAL:
        case ENXIO:
        case ENODEV: return fail(ErrorCode::invalid, "that cannot be done with it");
        case ENAMETOOLONG: return fail(ErrorCode::too_large, "the name is too long");
        case EFBIG: return fail(ErrorCode::too_large, "the file is too large");
        case ENOTEMPTY: return fail(ErrorCode::conflict, "the directory is not empty");
        case EBUSY:
        case ETXTBSY:
        case EAGAIN: return fail(ErrorCode::conflict, "it is in use");
        case EDQUOT:
        case ENOSPC: return fail(ErrorCode::unavailable, "the disk is full");
        case EMFILE:
        case ENFILE: return fail(ErrorCode::unavailable, "too many files are open");
        default: break;
    }
    const char* text = ::strerrordesc_np(number);
    return fail(ErrorCode::unavailable, text != nullptr ? text : "the disk does not answer");
}

}  // namespace packetboat::files
