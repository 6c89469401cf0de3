#include "trust/policy_fetch.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <cassert>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "base/worker_pool.h"
#include "trust/mta_sts.h"

namespace packetboat::trust {

namespace {

constexpr std::size_t head_max_bytes = 64 * 1024;
constexpr std::string_view media_type = "text/plain";
constexpr long ok_status = 200;

template <auto Free>
struct CurlDelete {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Easy = std::unique_ptr<CURL, CurlDelete<curl_easy_cleanup>>;
using Lines = std::unique_ptr<curl_slist, CurlDelete<curl_slist_free_all>>;

// What comes in during one fetch.
struct Transfer {
    const std::atomic<bool>& stopped;
    std::string body;
    std::size_t head_bytes = 0;
    bool too_large = false;
};

// Answering less than was given ends the transfer.
std::size_t take_body(char* bytes, std::size_t, std::size_t count, void* to) {
    auto& transfer = *static_cast<Transfer*>(to);
    if (transfer.body.size() + count > sts_policy_max_bytes) {
        transfer.too_large = true;
        return 0;
    }
    transfer.body.append(bytes, count);
    return count;
}

std::size_t count_head(char*, std::size_t, std::size_t count, void* to) {
    auto& transfer = *static_cast<Transfer*>(to);
    transfer.head_bytes += count;
    if (transfer.head_bytes <= head_max_bytes) return count;
    transfer.too_large = true;
    return 0;
}

// Asked several times a second; anything but zero ends the transfer.
int is_stopped(void* of, curl_off_t, curl_off_t, curl_off_t, curl_off_t) { return static_cast<Transfer*>(of)->stopped ? 1 : 0; }

// libcurl's "host:port:address,address": our resolver has found them, so libcurl asks nobody.
std::string resolve_line(const std::string& host, std::uint16_t port, const std::vector<IpAddress>& addresses) {
    std::string out = host + ":" + std::to_string(port) + ":";
    for (const IpAddress& address : addresses) {
        if (!out.ends_with(':')) out += ',';
        out += address.is_v4() ? address.text() : "[" + address.text() + "]";
    }
    return out;
}

void set_security(CURL* easy, const PolicyFetcher::Options& options) {
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options.ca_file.empty()) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
        curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    }
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");  // also none that the environment names
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
}

void set_transfer(CURL* easy, Transfer& transfer, std::chrono::milliseconds timeout) {
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, count_head);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, is_stopped);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &transfer);
}

Unexpected failed(CURLcode code, const Transfer& transfer, const std::string& host, const char* detail) {
    if (transfer.too_large) return fail(ErrorCode::too_large, "the MTA-STS policy of " + host + " is larger than 64 KiB");
    const std::string what = escape_control(*detail != '\0' ? detail : curl_easy_strerror(code));
    switch (code) {
        case CURLE_ABORTED_BY_CALLBACK: return fail(ErrorCode::unavailable, "stopped while fetching from " + host);
        case CURLE_OPERATION_TIMEDOUT: return fail(ErrorCode::timed_out, host + " takes too long: " + what);
        case CURLE_PEER_FAILED_VERIFICATION:
            return fail(ErrorCode::denied, "the certificate of " + host + " is not to be trusted: " + what);
        default: return fail(ErrorCode::unavailable, host + ": " + what);
    }
}

// RFC 8461 §3.2 and §3.3: 200 and text/plain, whatever its parameters.
Result<> check_head(CURL* easy, const std::string& host) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != ok_status) return fail(ErrorCode::unavailable, host + " answers with status " + std::to_string(status));
    const char* value = nullptr;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &value);
    const std::string_view type = value ? value : "";
    if (!iequals(trim(type.substr(0, type.find(';'))), media_type))
        return fail(ErrorCode::invalid, "the MTA-STS policy of " + host + " is not text/plain: " + escape_control(type.substr(0, 100)));
    return {};
}

Result<std::string> fetch_now(const PolicyRequest& request, const PolicyFetcher::Options& options, const std::atomic<bool>& stopped) {
    const std::string host = "mta-sts." + request.domain;
    const Easy easy(curl_easy_init());
    const Lines resolve(curl_slist_append(nullptr, resolve_line(host, options.port, request.addresses).c_str()));
    if (!easy || !resolve) return fail(ErrorCode::unavailable, "HTTPS: no memory");
    Transfer transfer{.stopped = stopped};
    std::array<char, CURL_ERROR_SIZE> detail{};
    const std::string url = "https://" + host + ":" + std::to_string(options.port) + "/.well-known/mta-sts.txt";
    curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_RESOLVE, resolve.get());
    curl_easy_setopt(easy.get(), CURLOPT_USERAGENT, "packetboat");
    curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, detail.data());
    set_security(easy.get(), options);
    set_transfer(easy.get(), transfer, options.timeout);
    const CURLcode code = curl_easy_perform(easy.get());
    if (code != CURLE_OK) return failed(code, transfer, host, detail.data());
    if (Result<> head = check_head(easy.get(), host); !head) return fail(std::move(head).error());
    return std::move(transfer.body);
}

// A peer that closes while we write must not end the program.
void block_sigpipe() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

void init_curl_once() {
    static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
    assert(done == CURLE_OK);
}

}  // namespace

struct PolicyFetcher::State {
    Options options;
    std::atomic<bool> stopped = false;
    WorkerPool pool;  // last: its threads use what stands above
};

PolicyFetcher::PolicyFetcher(Options options) {
    init_curl_once();
    const WorkerPool::Options pool{.threads = options.threads, .queue_max = options.waiting_max, .name = "mta-sts"};
    state_.reset(new State{.options = std::move(options), .pool = WorkerPool(pool)});
}

PolicyFetcher::~PolicyFetcher() { stop(); }

void PolicyFetcher::stop() { state_->stopped = true; }

Task<Result<std::string>> PolicyFetcher::fetch(PolicyRequest request) {
    assert(!request.addresses.empty());
    State& state = *state_;
    Result<Result<std::string>> got = co_await state.pool.run([&state, request = std::move(request)]() -> Result<std::string> {
        if (state.stopped) return fail(ErrorCode::unavailable, "stopped");
        block_sigpipe();
        return fetch_now(request, state.options, state.stopped);
    });
    if (!got) co_return fail(ErrorCode::unavailable, "too many MTA-STS policies are waiting to be fetched");
    co_return *std::move(got);
}

}  // namespace packetboat::trust
