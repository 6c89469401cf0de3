#include "mime/testing/generator.h"

#include <algorithm>
#include <cmath>

namespace packetboat::mime::testing {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view id_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

constexpr std::array<std::string_view, 64> vocabulary = {
    "the",      "of",     "and",     "to",       "a",       "in",      "we",      "you",      "for",     "is",       "that",
    "on",       "with",   "please",  "this",     "be",      "have",    "will",    "meeting",  "invoice", "attached", "report",
    "tomorrow", "know",   "if",      "there",    "from",    "can",     "about",   "order",    "our",     "schedule", "budget",
    "review",   "thanks", "team",    "next",     "week",    "version", "draft",   "question", "answer",  "harbour",  "train",
    "customer", "agreed", "delay",   "contract", "Monday",  "number",  "because", "which",    "they",    "should",   "would",
    "another",  "small",  "account", "delivery", "quarter", "office",  "letter",  "summary",  "regards"};

constexpr std::array<std::string_view, 12> given_names = {"Alice", "Bob",  "Carol", "Dieter", "Eva",  "Farid",
                                                          "Grace", "Hiro", "Ines",  "Jan",    "Kofi", "Lena"};
constexpr std::array<std::string_view, 8> domains = {"example.com",      "example.org",       "example.net",  "mail.example.com",
                                                     "corp.example.net", "lists.example.org", "shop.example", "news.example"};
constexpr std::array<std::string_view, 7> days = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 5> attachment_types = {"application/pdf", "image/jpeg", "image/png", "application/zip",
                                                              "application/vnd.openxmlformats-officedocument.wordprocessingml.document"};

constexpr std::size_t pool_bytes = 256 * 1024;

template <class List>
std::string_view pick(Random& random, const List& list) {
    return list[random.below(list.size())];
}

std::string two_digits(std::size_t number) { return {static_cast<char>('0' + number / 10 % 10), static_cast<char>('0' + number % 10)}; }

}  // namespace

// splitmix64, of Steele, Lea and Flood.
std::uint64_t Random::next() {
    std::uint64_t z = (state_ += 0x9e37'79b9'7f4a'7c15);
    z = (z ^ (z >> 30U)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27U)) * 0x94d0'49bb'1331'11eb;
    return z ^ (z >> 31U);
}

std::size_t Random::size_around(std::size_t median) {
    // Doubled or halved by a number of steps that is about normal: the sum of a few even ones.
    double steps = 0;
    for (int i = 0; i < 4; ++i) steps += static_cast<double>(below(1001)) / 1000.0 - 0.5;
    return static_cast<std::size_t>(static_cast<double>(median) * std::exp2(steps * 2.4)) + 1;
}

Generator::Generator(std::uint64_t seed, LineEnd line_end) : random_(seed), end_(line_end == LineEnd::crlf ? "\r\n" : "\n") {
    while (text_pool_.size() < pool_bytes) {
        const std::size_t in_paragraph = 1 + random_.below(8);
        for (std::size_t i = 0; i < in_paragraph; ++i) (text_pool_ += words(8 + random_.below(6))) += end_;
        text_pool_ += end_;
    }
    while (html_pool_.size() < pool_bytes) {
        std::string html = "<tr><td style=3D\"font-family:Arial,sans-serif;padding:" + two_digits(random_.below(40)) + "px\">";
        html +=
            random_.one_in(3) ? "<a href=3D\"https://" + host() + "/" + token(24, id_characters) + "\">" + words(3) + "</a>" : words(14);
        html += "</td></tr>";
        for (; html.size() > 75; html.erase(0, 75)) ((html_pool_ += html.substr(0, 75)) += '=') += end_;
        (html_pool_ += html) += end_;
    }
    while (base64_pool_.size() < pool_bytes) (base64_pool_ += token(76, base64_digits)) += end_;
}

std::string_view Generator::next() {
    out_.clear();
    header();
    body(0);
    return out_;
}

void Generator::line(std::string_view text) { (out_ += text) += end_; }

std::string Generator::token(std::size_t size, std::string_view alphabet) {
    std::string text(size, ' ');
    for (char& c : text) c = alphabet[random_.below(alphabet.size())];
    return text;
}

std::string Generator::host() { return token(4, hex_digits) + "." + std::string(pick(random_, domains)); }

std::string Generator::mailbox() {
    const std::string_view name = pick(random_, given_names);
    std::string local(name);
    local.front() = static_cast<char>(local.front() | 0x20);
    return std::string(name) + " " + token(6, id_characters) + " <" + local + "@" + std::string(pick(random_, domains)) + ">";
}

std::string Generator::date() {
    return std::string(pick(random_, days)) + ", " + std::to_string(1 + random_.below(28)) + " " + std::string(pick(random_, months)) +
           " 2026 " + two_digits(random_.below(24)) + ":" + two_digits(random_.below(60)) + ":" + two_digits(random_.below(60)) + " +0100";
}

std::string Generator::words(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        if (i != 0) text += ' ';
        text += pick(random_, vocabulary);
    }
    return text;
}

// What the servers on the way put in front, the last one first.
void Generator::received(std::size_t hops) {
    for (std::size_t i = 0; i < hops; ++i) {
        line("Received: from " + host() + " (" + host() + " [192.0.2." + std::to_string(random_.below(255)) + "])");
        line("\tby " + host() + " (Postfix) with ESMTPS id " + token(12, id_characters));
        line("\tfor <" + std::string(pick(random_, given_names)) + "@" + std::string(pick(random_, domains)) + ">; " + date());
    }
}

void Generator::signature() {
    line("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;");
    line("\td=" + std::string(pick(random_, domains)) + "; s=s" + token(6, hex_digits) + "; t=17643" + token(5, "0123456789") + ";");
    line("\th=From:To:Subject:Date:Message-ID:MIME-Version:Content-Type:List-Unsubscribe;");
    line("\tbh=" + token(43, base64_digits) + "=;");
    for (std::size_t i = 0; i < 5; ++i) line((i == 0 ? "\tb=" : "\t ") + token(68, base64_digits) + (i == 4 ? "==" : ""));
}

void Generator::thread_fields() {
    const std::string id = "<" + token(28, id_characters) + "@" + host() + ">";
    if (threads_.empty() || random_.one_in(2)) {
        if (threads_.size() < 100) threads_.emplace_back();
        Thread& thread = threads_[random_.below(threads_.size())];
        thread = {words(3 + random_.below(6)), {}};
    }
    Thread& thread = threads_[random_.below(threads_.size())];
    field("Subject", (thread.ids.empty() ? "" : "Re: ") + thread.subject);
    field("Message-ID", id);
    if (!thread.ids.empty()) {
        field("In-Reply-To", thread.ids.back());
        const std::size_t first = thread.ids.size() > 12 ? thread.ids.size() - 12 : 0;
        for (std::size_t i = first; i < thread.ids.size(); ++i) line((i == first ? "References: " : "\t") + thread.ids[i]);
    }
    thread.ids.push_back(id);
}

void Generator::header() {
    line("Return-Path: <bounce-" + token(20, hex_digits) + "@" + host() + ">");
    line("Delivered-To: " + std::string(pick(random_, given_names)) + "@example.org");
    received(2 + random_.below(5));
    line("Authentication-Results: " + host() + ";");
    line("\tdkim=pass header.d=" + std::string(pick(random_, domains)) + " header.s=s1 header.b=" + token(8, base64_digits) + ";");
    line("\tspf=pass smtp.mailfrom=" + host() + "; dmarc=pass (p=NONE) header.from=" + std::string(pick(random_, domains)));
    const std::size_t signatures = random_.below(3);
    for (std::size_t i = 0; i < signatures; ++i) signature();
    field("From", mailbox());
    std::string to = mailbox();
    for (std::size_t i = random_.below(4); i > 0; --i) (((to += ",") += end_) += "\t") += mailbox();
    field("To", to);
    field("Date", date());
    thread_fields();
    if (random_.one_in(3)) {
        field("List-Id", "<" + token(10, hex_digits) + ".lists.example.org>");
        field("List-Unsubscribe",
              "<mailto:leave@lists.example.org>," + std::string(end_) + "\t<https://lists.example.org/u/" + token(40, id_characters) + ">");
        field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        field("Precedence", "list");
    }
    field("X-Mailer", "Packetboat generator 1.0");
    field("X-Spam-Status", "No, score=-2.1 required=5.0 tests=BAYES_00,DKIM_SIGNED,DKIM_VALID," + std::string(end_) +
                               "\tHTML_MESSAGE,RCVD_IN_DNSWL_NONE autolearn=ham");
    field("X-Spam-Level", "");
    for (std::size_t i = 2 + random_.below(4); i > 0; --i)
        field("X-" + token(6, id_characters) + "-Tracking", token(40 + random_.below(60), id_characters));
    field("MIME-Version", "1.0");
}

void Generator::body(int depth) {
    const std::size_t kind = random_.below(100);
    if (kind < 30) return text_part();
    if (kind < 78 || depth > 1) return alternative();
    if (kind < 94) return mixed(depth);
    if (kind < 98) return forward();
    report();
}

// Whole lines of a pool, from a random one on.
void Generator::lines_of(const std::string& pool, std::size_t bytes) {
    while (bytes != 0) {
        const std::size_t from = pool.find('\n', random_.below(pool.size() / 2)) + 1;
        const std::size_t to = from + bytes < pool.size() ? pool.find('\n', from + bytes) + 1 : pool.size();
        out_.append(pool, from, to - from);
        bytes -= std::min(bytes, to - from);
    }
}

void Generator::text_part() {
    line("Content-Type: text/plain; charset=\"utf-8\"");
    line("Content-Transfer-Encoding: 7bit");
    line("");
    lines_of(text_pool_, random_.size_around(1500));
    if (random_.one_in(3)) {
        line("-- ");
        line("With kind regards");
    }
}

void Generator::html_part(std::size_t bytes) {
    line("Content-Type: text/html; charset=\"utf-8\"");
    line("Content-Transfer-Encoding: quoted-printable");
    line("");
    line("<!DOCTYPE html><html><head><meta charset=3D\"utf-8\"></head><body><table>");
    lines_of(html_pool_, bytes);
    line("</table></body></html>");
}

std::string Generator::boundary() {
    switch (random_.below(3)) {
        case 0: return "000000000000" + token(16, hex_digits);
        case 1: return "----=_Part_" + token(6, "0123456789") + "_" + token(9, "0123456789") + "." + token(13, "0123456789");
        default: return "_" + token(3, "0123456789") + "_" + token(50, id_characters) + "_";
    }
}

void Generator::alternative() {
    const std::string separator = boundary();
    line("Content-Type: multipart/alternative; boundary=\"" + separator + "\"");
    line("");
    line("--" + separator);
    text_part();
    line("");
    line("--" + separator);
    html_part(random_.size_around(9000));
    line("");
    line("--" + separator + "--");
}

void Generator::attachment() {
    const std::string name = token(8, id_characters) + ".bin";
    line("Content-Type: " + std::string(pick(random_, attachment_types)) + ";" + std::string(end_) + "\tname=\"" + name + "\"");
    line("Content-Disposition: attachment;" + std::string(end_) + "\tfilename=\"" + name + "\"");
    line("Content-Transfer-Encoding: base64");
    line("Content-ID: <" + token(20, id_characters) + "@example.com>");
    line("");
    lines_of(base64_pool_, random_.size_around(34000));
}

void Generator::mixed(int depth) {
    const std::string separator = boundary();
    line("Content-Type: multipart/mixed;");
    line("\tboundary=\"" + separator + "\"");
    line("");
    line("This is a multi-part message in MIME format.");
    line("--" + separator);
    body(depth + 1);
    for (std::size_t i = 1 + random_.below(3); i > 0; --i) {
        line("");
        line("--" + separator);
        attachment();
    }
    line("--" + separator + "--");
}

void Generator::forward() {
    const std::string separator = boundary();
    line("Content-Type: multipart/mixed; boundary=\"" + separator + "\"");
    line("");
    line("--" + separator);
    text_part();
    line("");
    line("--" + separator);
    line("Content-Type: message/rfc822");
    line("Content-Disposition: attachment; filename=\"forwarded.eml\"");
    line("");
    header();
    body(1);
    line("");
    line("--" + separator + "--");
}

// RFC 3464
void Generator::report() {
    const std::string separator = boundary();
    line("Content-Type: multipart/report; report-type=delivery-status;");
    line("\tboundary=\"" + separator + "\"");
    line("");
    line("--" + separator);
    text_part();
    line("");
    line("--" + separator);
    line("Content-Type: message/delivery-status");
    line("");
    line("Reporting-MTA: dns; " + host());
    line("");
    line("Final-Recipient: rfc822; nobody@example.com");
    line("Action: failed");
    line("Status: 5.1.1");
    line("");
    line("--" + separator);
    line("Content-Type: text/rfc822-headers");
    line("");
    header();
    line("");
    line("--" + separator + "--");
}

}  // namespace packetboat::mime::testing
