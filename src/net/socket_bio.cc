#include "net/socket_bio.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace packetboat::net {

namespace {

int descriptor_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

// What recv and send answer, as OpenSSL wants it: 1 and the count, or 0 and whether to try again.
int answer(BIO* bio, ssize_t count, std::size_t* done, int retry_flag) {
    BIO_clear_retry_flags(bio);
    *done = count > 0 ? static_cast<std::size_t>(count) : 0;
    if (count > 0) return 1;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
    if (count == 0 && retry_flag == BIO_FLAGS_READ) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return 0;
}

int write_socket(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) {
    return answer(bio, ::send(descriptor_of(bio), bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT), written, BIO_FLAGS_WRITE);
}

int read_socket(BIO* bio, char* into, std::size_t size, std::size_t* got) {
    return answer(bio, ::recv(descriptor_of(bio), into, size, MSG_DONTWAIT), got, BIO_FLAGS_READ);
}

long control(BIO* bio, int command, long, void*) {
    switch (command) {
        case BIO_CTRL_FLUSH: return 1;
        case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
        default: return 0;
    }
}

BIO_METHOD* make_method() {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "packetboat socket");
    if (!method) return nullptr;
    BIO_meth_set_write_ex(method, write_socket);
    BIO_meth_set_read_ex(method, read_socket);
    BIO_meth_set_ctrl(method, control);
    return method;
}

}  // namespace

BIO* new_socket_bio(int descriptor) {
    static BIO_METHOD* const method = make_method();  // lives as long as the process
    BIO* bio = method ? BIO_new(method) : nullptr;
    if (!bio) return nullptr;
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor)));
    BIO_set_init(bio, 1);
    return bio;
}

}  // namespace packetboat::net
