#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

#include "base/text.h"
#include "mime/html_entities.h"
#include "mime/html_style.h"
#include "mime/html_tokens.h"
#include "mime/reading.h"

namespace packetboat::mime {
namespace {

struct Case {
    std::string_view html;
    std::string_view text;
};

void expect_all(std::span<const Case> cases) {
    for (const Case& one : cases) EXPECT_EQ(html_text(one.html), one.text) << one.html;
}

TEST(HtmlText, white_space_collapses_and_blocks_are_lines) {
    constexpr Case cases[] = {
        {"", ""},
        {"   \n ", ""},
        {"plain", "plain\n"},
        {"two\n  words", "two words\n"},
        {"<p>one</p><p>two</p>", "one\n\ntwo\n"},
        {"<p>one<p>two", "one\n\ntwo\n"},
        {"<div>one</div><div>two</div>three", "one\ntwo\nthree\n"},
        {"a<br>b<br/>c", "a\nb\nc\n"},
        {"a<br><br>b<br><br><br><br>c", "a\n\nb\n\nc\n"},
        {"<div>a<br></div><div>b</div>", "a\nb\n"},
        {"<b>bold</b> <i>and</i>more", "bold andmore\n"},
        {"a <b> b </b> c", "a b c\n"},
        {"<h1>Title</h1>Text<hr>More", "Title\n\nText\n---\nMore\n"},
        {"a</p>b", "a\n\nb\n"},
        {"<pre>\n  two\n\n\n   three\n</pre>after", "  two\n\n   three\n\nafter\n"},
        {"<div style='white-space: pre-wrap'>a  b\nc</div>", "a  b\nc\n"},
        {"a&nbsp;&nbsp;b", "a b\n"},
        {"soft&shy;hyphen zero&#8203;width", "softhyphen zerowidth\n"},
    };
    expect_all(cases);
}

TEST(HtmlText, references_are_decoded) {
    constexpr Case cases[] = {
        {"&lt;b&gt; &amp;amp; &copy 2026 &euro;", "<b> &amp; \u00A9 2026 \u20AC\n"},
        {"&#8364;&#x20ac;&#128;&#x80", "\u20AC\u20AC\u20AC\u20AC\n"},
        {"&notit; &notin; &unknown; & &;", "\u00ACit; \u2209 &unknown; & &;\n"},
        {"&#0;&#xD800;&#x110000;&#99999999999999999999;", "\uFFFD\uFFFD\uFFFD\uFFFD\n"},
        {"&#27;[31m&#155;x", "[31m\u203Ax\n"},  // no commands to a terminal
        {"&NotEqualTilde;", "\u2242\u0338\n"},
    };
    expect_all(cases);
}

TEST(HtmlText, links_say_where_they_lead) {
    constexpr Case cases[] = {
        {"<a href='https://example.org/a?b=1&amp;c=2'>here</a>.", "here (https://example.org/a?b=1&c=2).\n"},
        {"<a href='https://www.example.org/'>example.org</a>", "example.org\n"},
        {"<a href='https://example.org'>https://example.org/</a>", "https://example.org/\n"},
        {"<a href='mailto:bob@example.org'>bob@example.org</a>", "bob@example.org\n"},
        {"<a href='mailto:bob@example.org'>Bob</a>", "Bob (bob@example.org)\n"},
        {"<a href='#top'>up</a> <a href='javascript:alert(1)'>x</a> <a>y</a>", "up x y\n"},
        {"<a href='https://example.org'><img src=x></a>z", "z\n"},
        {"<a href='https://example.org'><img src=x alt=Logo></a>", "Logo (https://example.org)\n"},
        {"<a href='https://a.example'>one<a href='https://b.example'>two</a>", "one (https://a.example)two (https://b.example)\n"},
        {"<a href='https://a.example/\nb\tc'>one</a>", "one (https://a.example/bc)\n"},
        {"<a href='https://a.example'>one", "one (https://a.example)\n"},
    };
    expect_all(cases);
    EXPECT_EQ(html_text("<a href='https://example.org/'>here</a>", {.links = false}), "here\n");
    EXPECT_EQ(html_text("<a href='https://example.org/" + std::string(3000, 'x') + "'>here</a>"), "here\n");
}

TEST(HtmlText, lists_have_marks) {
    constexpr Case cases[] = {
        {"<ul><li>one<li>two</ul>after", "* one\n* two\n\nafter\n"},
        {"<ol><li>one</li><li>two</li></ol>", "1. one\n2. two\n"},
        {"<ol start=9><li>nine<li>ten</ol>", "9. nine\n10. ten\n"},
        {"<ul><li>one<ul><li>inner</ul><li>two</ul>", "* one\n  * inner\n* two\n"},
        {"<ol><li><p>first</p><p>second</p></li></ol>", "1. first\n\n   second\n"},
        {"<ul><li></li><li>two</li></ul>x", "* two\n\nx\n"},
        {"<dl><dt>Term<dd>Meaning<dt>Other<dd>Thing</dl>", "Term\nMeaning\nOther\nThing\n"},
        {"<li>alone</li>x", "* alone\nx\n"},
    };
    expect_all(cases);
}

TEST(HtmlText, quotes_have_marks) {
    constexpr Case cases[] = {
        {"He said<blockquote>one<br>two</blockquote>I say", "He said\n\n> one\n> two\n\nI say\n"},
        {"<blockquote><p>one</p><p>two</p></blockquote>", "> one\n>\n> two\n"},
        {"<blockquote>a<blockquote>b</blockquote>c</blockquote>", "> a\n>\n> > b\n>\n> c\n"},
        {"<blockquote><ul><li>one<li>two</ul></blockquote>", "> * one\n> * two\n"},
    };
    expect_all(cases);
}

TEST(HtmlText, tables_are_read_line_by_line) {
    constexpr Case cases[] = {
        {"<table><tr><td>Item</td><td>Price</td></tr><tr><td>Tea</td><td>2.50</td></tr></table>", "Item  Price\nTea  2.50\n"},
        {"<table><tr><td>a<td>b<tr><td>c<td>d</table>e", "a  b\nc  d\ne\n"},
        {"<table><tr><td><div>a</div></td><td><div>b</div></td></tr></table>", "a\nb\n"},
        {"<table><tr><td></td><td> </td><td>x</td></tr></table>", "x\n"},
        {"<table><tr><td><table><tr><td>in</td></tr></table></td></tr><tr><td>out</td></tr></table>", "in\nout\n"},
        {"<div><table><tr><td>a</div>b</td></tr></table></div>c", "ab\nc\n"},
    };
    expect_all(cases);
}

TEST(HtmlText, what_is_hidden_is_not_read) {
    constexpr Case cases[] = {
        {"<head><title>T</title><style>p{}</style></head><body>x</body>", "x\n"},
        {"<head><title>T</title><p>x", "x\n"},
        {"<head>x", "x\n"},
        {"<script>if (a < b) '</p>'</script>x<style>a<b</style>y", "xy\n"},
        {"<script><!-- <script> </script> --></script>x", "x\n"},
        {"a<!-- no -->b<!--[if mso]><p>no</p><![endif]-->c<![if !mso]>d<![endif]>", "abcd\n"},
        {"<div style='display:none'>no<div>no</div></div>x", "x\n"},
        {"<div style='color:red; DISPLAY : NONE !important'>no</div>x", "x\n"},
        {"<div style='visibility:hidden'>no<b style='visibility:visible'>yes</b></div>x", "yes\nx\n"},
        {"<div hidden>no</div>x<span hidden=''>no</span>", "x\n"},
        {"<td style='font-size:0px'>no<div style='font-size:13px'>yes</div></td>", "yes\n"},
        {"<span style='font-size:0'>no</span><span style='font-size:0.9em'>yes</span>", "yes\n"},
        {"<span style='mso-hide:all'>no</span>x", "x\n"},
        {"<div style='max-height:0;overflow:hidden'>no</div><div style='max-height:0'>yes</div>", "yes\n"},
        {"<div style='opacity:0'>no</div><div style='opacity:0.5'>yes</div>", "yes\n"},
        {"<p style='display:none'>no<div>yes</div>", "yes\n"},
        {"<select><option>no<option>no</select><textarea>no</textarea><svg><text>no</text></svg>x", "x\n"},
        {"<div style='display:none'><br><br></div>x", "x\n"},
        {"x<img src=a width=1 height=1 alt=spy><img src=b width='1px' alt=spy><img alt=spy height=0>", "x\n"},
        {"<img alt='A dog'> <img alt=''> <img>", "A dog\n"},
        {"<noscript>yes</noscript>", "yes\n"},
        {"<template>no</template><object>yes</object>", "yes\n"},
        {"<o:p>&nbsp;</o:p><o:p>x</o:p>", "x\n"},
    };
    expect_all(cases);
}

TEST(HtmlText, a_newsletter_reads_well) {
    constexpr std::string_view html = R"(<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "x.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><meta charset="utf-8"><title>News</title>
<style type="text/css">.x > td { color: red }</style></head>
<body style="margin:0"><div style="display:none;font-size:1px;max-height:0px;mso-hide:all">Preheader&nbsp;&zwnj;&nbsp;&zwnj;</div>
<center><table width="100%"><tr><td align="center" style="font-size:0px;padding:0"><!--[if mso]><table><tr><td><![endif]-->
 <table class="inner"><tbody>
  <tr><td style="font-size:0"><a href="https://shop.example/"><img src="logo.png" width="120" alt="Shop" style="font-size:13px"></a></td></tr>
  <tr><td><h1 style="font-size:20px">Autumn&nbsp;sale</h1></td></tr>
  <tr><td><div style="font-size:13px">Dear Alice,<br><br>all <b>teas</b> are cheaper: &ndash;20&nbsp;%.</div></td></tr>
  <tr><td><table style="font-size:13px"><tr><th>Tea</th><th>Price</th></tr><tr><td>Assam</td><td>4.00</td></tr></table></td></tr>
 </tbody></table><!--[if mso]></td></tr></table><![endif]--></td></tr></table></center>
<p style="font-size:11px"><a href="https://shop.example/u?x=1&amp;y=2">Unsubscribe</a></p>
<img src="https://t.example/p.gif" width="1" height="1" alt="pixel"></body></html>)";
    EXPECT_EQ(html_text(html),
              "Shop (https://shop.example/)\n\nAutumn sale\n\nDear Alice,\n\nall teas are cheaper: \u201320 %.\nTea  Price\nAssam  4.00\n\n"
              "Unsubscribe (https://shop.example/u?x=1&y=2)\n");
}

TEST(HtmlText, output_ends_at_a_character) {
    EXPECT_EQ(html_text("abcdef", {.max_bytes = 3}), "abc");
    EXPECT_EQ(html_text("ab\u20ACd", {.max_bytes = 4}), "ab");
    EXPECT_EQ(html_text("ab\u20ACd", {.max_bytes = 5}), "ab\u20AC");
    EXPECT_EQ(html_text("abc", {.max_bytes = 0}), "");
    EXPECT_LE(html_text("<blockquote>a<br>b", {.max_bytes = 1}).size(), 1U);
}

TEST(HtmlText, deep_nesting_costs_no_more_than_its_bytes) {
    std::string html;
    for (int i = 0; i < 20'000; ++i) html += "<div><b><blockquote><ul><li>";
    html += "x";
    for (int i = 0; i < 20'000; ++i) html += "</i></a></td>";
    EXPECT_TRUE(html_text(html).ends_with("x\n"));
    std::string marked;
    for (int i = 0; i < 1'000; ++i) marked += "<blockquote>";
    for (int i = 0; i < 1'000; ++i) marked += "a<br>";
    EXPECT_LT(html_text(marked).size(), 1'000U * 50);
}

TEST(HtmlStyle, zero_is_zero) {
    EXPECT_EQ(html_style("font-size:0").without_size, HtmlStyle::Said::yes);
    EXPECT_EQ(html_style("font-size: 0.0em").without_size, HtmlStyle::Said::yes);
    EXPECT_EQ(html_style("font-size: 0.5em").without_size, HtmlStyle::Said::no);
    EXPECT_EQ(html_style("font-size:10px").without_size, HtmlStyle::Said::no);
    EXPECT_EQ(html_style("color:red").without_size, HtmlStyle::Said::nothing);
    EXPECT_EQ(html_style(";;:;font-size").without_size, HtmlStyle::Said::nothing);
}

TEST(HtmlEntities, the_longest_name_wins) {
    EXPECT_EQ(named_reference("amp;x").length, 4U);
    EXPECT_EQ(named_reference("ampx").length, 3U);
    EXPECT_EQ(named_reference("notin;").characters, "\u2209");
    EXPECT_EQ(named_reference("notit").length, 3U);
    EXPECT_EQ(named_reference("CounterClockwiseContourIntegral;").length, 32U);
    EXPECT_EQ(named_reference("AMP").characters, "&");
    EXPECT_EQ(named_reference("zzz").length, 0U);
    EXPECT_EQ(named_reference("").length, 0U);
    EXPECT_EQ(named_reference("\xFF").length, 0U);
}

TEST(HtmlTokens, attributes_with_and_without_quotes) {
    HtmlTokenizer tokens("<A HREF=x&amp;y title='a>b' title=second data-x checked a=\"&copy=1\"/>");
    HtmlToken token;
    ASSERT_TRUE(tokens.next(token));
    EXPECT_EQ(token.kind, HtmlKind::start_tag);
    EXPECT_EQ(token.text, "a");
    ASSERT_EQ(token.attributes.size(), 5U);
    EXPECT_EQ(*token.attribute("href"), "x&y");
    EXPECT_EQ(*token.attribute("title"), "a>b");
    EXPECT_EQ(*token.attribute("data-x"), "");
    EXPECT_EQ(*token.attribute("a"), "&copy=1");
    EXPECT_EQ(token.attribute("none"), nullptr);
    EXPECT_TRUE(token.self_closing);
    EXPECT_FALSE(tokens.next(token));
}

TEST(HtmlTokens, attributes_over_the_limit_are_left_out) {
    std::string html = "<a";
    for (int i = 0; i < 1000; ++i) html += " x" + std::to_string(i);
    html += '>';
    HtmlTokenizer tokens(html);
    HtmlToken token;
    ASSERT_TRUE(tokens.next(token));
    EXPECT_EQ(token.attributes.size(), html_attributes_max);
}

}  // namespace
}  // namespace packetboat::mime
