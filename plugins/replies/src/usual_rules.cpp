#include "usual_rules.hpp"

namespace replies {

const std::array<std::pair<std::string_view, std::string_view>, 7>& usual_rules() noexcept
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> all{{
        // A mailbox that is not there stays so, whatever else the reply says.
        {"usual: no mailbox", "code=5yz stage=rcpt enhanced=5.1.* then=stay"},
        // Our address is listed: an operator has to look, and every further message makes it worse.
        {"usual: listed",
         R"(code=5yz stage=peer,mail,rcpt text=/(spamhaus|spamcop|barracudacentral|sorbs|block ?list|blacklist|dnsbl|\brbl\b)/ then=defer rest=1h)"},
        {"usual: listed for now",
         R"(code=4yz stage=peer,mail,rcpt text=/(spamhaus|spamcop|barracudacentral|sorbs|block ?list|blacklist|dnsbl|\brbl\b)/ rest=1h)"},
        // Yahoo and AOL: [TSS04], [TS03] and the like; Microsoft: (RP-001), (S3150), AS(...); Google: unusual rate (4.7.28).
        {"usual: too much",
         R"(code=4yz text=/(\[ts+\d+\]|unusual rate|rate.?limit|too many (connections|messages)|throttl|exceeded .*(rate|limit)|\(RP-00[123]\))/ stage=peer,mail,rcpt,end rest=15m)"},
        {"usual: reputation",
         R"(code=5yz stage=peer,mail text=/(poor reputation|low reputation|reputation of|\((S3140|S3150|AS\d+)\))/ then=defer rest=4h)"},
        // Greylisting waits for nobody but the message itself.
        {"usual: greylisted", "code=45z stage=rcpt,data text=/(greylist|graylist)/ then=stay"},
        // A mailbox that has been full for days is nobody's.
        {"usual: full for days", "code=45z enhanced=4.2.2 stage=rcpt,end attempts=20 then=fail"},
    }};
    return all;
}

} // namespace replies
