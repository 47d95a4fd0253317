//! Words that say nothing about which tool is meant.

/// English function words, and what people say around a request. Verbs that name what a tool does
/// (get, list, find, create, send) are not among them: their frequency tells how little they say. Nor are
/// words that APIs are about, such as `id` and `user`.
pub(super) const STOP_WORDS: &str = "
    a about above actually after afterwards again ahead all almost along already also although always am among an and
    another any anybody anyone anything anyway are aren around as ask asked asking at away
    b basically be because been before beforehand being below besides best better between beyond both but by bye
    c can cannot cant certainly come could couldn couldnt curious currently
    d dear definitely did didn do does doesn doing don done dont down during
    e each either else enough etc even ever every everybody everyone everything exactly example
    f far few first fine following for from further
    g give given gives giving glad go goes going gonna good got great guess
    h had hadn happen happens hardly has hasn have haven having he hello help helped helpful helping hence her here
    hers herself hey hi him himself his hope hoping how however
    i if ill im in indeed instead interested into is isn it its itself ive
    j just
    k keep kind kindly know knows
    l lately later least less lest let lets like likely little ll look looking lot lots love
    m made mainly make makes making many may maybe me mean means meanwhile merely might mine more moreover most mostly
    much must my myself
    n namely near nearly necessary need needed needing needs neither never nevertheless next nice no nobody none nor
    not nothing now
    o obviously of off often oh ok okay on once one ones only onto or other others otherwise ought our ours ourselves
    out over own
    p particular particularly per perhaps please plus possible possibly pretty probably provide provided provides
    providing
    q quite
    r rather re really regarding related require required requires respectively right
    s said same say saying see seem seems shall she should shouldn show showing shows simply since so some somebody
    somehow someone something sometimes somewhat soon sorry specific specifically still such suggest sure
    t take taking tell telling than thank thanks that the their theirs them themselves then there therefore these they
    thing things think thinking this those though through throughout thus till to together too toward towards tried
    try trying
    u under unless until up upon us use used useful using usually
    v various ve very via
    w want wanted wanting wants was wasn way ways we well were weren what whatever when whenever where whereas wherever
    whether which while who whoever whole whom whose why will wish with within without won wonder wondering would
    wouldn
    x y yeah yes yet you your yours yourself yourselves z
";
