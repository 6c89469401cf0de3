#include "dns/context.h"

#include <gtest/gtest.h>

namespace packetboat::dns {
namespace {

using Servers = std::vector<std::string>;

TEST(dns_context, name_servers_are_read_as_the_system_reads_them) {
    EXPECT_EQ(parse_name_servers(""), Servers{});
    EXPECT_EQ(parse_name_servers("nameserver 192.0.2.1"), Servers{"192.0.2.1"});
    EXPECT_EQ(parse_name_servers("# nameserver 192.0.2.1\n; nameserver 192.0.2.1\nsearch nameserver 192.0.2.1\n"), Servers{});
    EXPECT_EQ(parse_name_servers("nameserver\t192.0.2.1 # first\r\n  nameserver 2001:db8::1\noptions edns0\nnameserver fe80::1%eth0\n"),
              (Servers{"192.0.2.1", "2001:db8::1", "fe80::1%eth0"}));
    EXPECT_EQ(parse_name_servers("nameserver\nnameserver \nnameserverx 192.0.2.1\nnameserver192.0.2.1\nnameserver ns.example.org\n"),
              Servers{});
    std::string many;
    for (int i = 0; i < 100; ++i) many += "nameserver 192.0.2." + std::to_string(i) + "\n";
    EXPECT_EQ(parse_name_servers(many).size(), name_servers_max);
}

}  // namespace
}  // namespace packetboat::dns
