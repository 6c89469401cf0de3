#include "mime/decode.h"

namespace packetboat::mime {

namespace {

// Of a body that a Content-Transfer-Encoding says is one file. Where there is none, the body is what it is.
std::string first_file(std::vector<EncodedFile> files, std::string_view body) {
    return files.empty() ? std::string(body) : std::move(files.front().bytes);
}

}  // namespace

std::string decode(TransferEncoding encoding, std::string_view body) {
    switch (encoding) {
        case TransferEncoding::quoted_printable: return decode_quoted_printable(body);
        case TransferEncoding::base64: return decode_base64(body);
        case TransferEncoding::uuencode: return first_file(uuencoded_files(body, 1), body);
        case TransferEncoding::yenc: return first_file(yencoded_files(body, 1), body);
        case TransferEncoding::identity:
        case TransferEncoding::unknown:  // RFC 2045 §6.4: to be treated as a thing that nobody can look into
            break;
    }
    return std::string(body);
}

}  // namespace packetboat::mime
