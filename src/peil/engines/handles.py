"""How what is known of a customer is written one way: phones, mails, names, birth dates and addresses."""

from __future__ import annotations

import hmac
import re
import unicodedata
from functools import lru_cache

import phonenumbers

# The last four are filled in only where the others are hashed: see ``engines.keyed_handles``.
FIELDS = (
    "given", "initial", "given_sound", "surname", "sound", "born", "year", "month", "day",
    "postcode", "area", "house", "street", "place", "phone", "mail", "local", "account",
    "given_near", "surname_near", "names", "days",
)  # fmt: skip
# What a record of a customer may say, in the order in which ``normalised`` takes it.
SAID = (
    "name", "given_name", "surname", "birth_date", "postcode", "house_number", "street", "place", "phone", "mail",
    "account",
)  # fmt: skip

PARTICLES = frozenset(
    "van von vande vanden vander vd de den der het t te ter ten op in aan by uit onder over voor tot s d l la le du da di del dos el".split()  # noqa: SIM905  # a list of words reads better so
)
_TITLES = frozenset("dhr mw mevr mevrouw heer mr mrs ms miss drs ing ir dr prof fam familie sir".split())  # noqa: SIM905  # a list of words reads better so
_NOBODY = frozenset(
    "onbekend unknown anoniem anonymous test tester nvt na none null geen xxx xx x klant customer naam achternaam voornaam".split()  # noqa: SIM905  # a list of words reads better so
)
# Dates that systems fill in where nobody told them one.
_NO_DATES = frozenset(
    ["1900-01-01", "1901-01-01", "1970-01-01", "1899-12-30", "1899-12-31", "1800-01-01", "1753-01-01", "1111-11-11"]
)
NO_NUMBERS = frozenset(["1234567890", "0123456789", "123456789", "12345678", "31123456789"])
NO_BOXES = frozenset(
    "test tester testing geen nomail noemail noreply no-reply no.reply onbekend unknown niet none null na nvt x xx xxx".split()  # noqa: SIM905  # a list of words reads better so
)
NO_DOMAINS = frozenset(["test.nl", "test.com", "geen.nl", "onbekend.nl", "nomail.nl", "noemail.nl", "test.test"])
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "þ": "th", "ı": "i"})  # noqa: RUF001  # how people write
_PLACES = {"s gravenhage": "den haag", "s hertogenbosch": "den bosch", "the hague": "den haag"}
_NATIONAL = re.compile(r"0[1-9]\d{8}")
_INTERNATIONAL = re.compile(r"\+31[1-9]\d{8}")
_MAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[a-z]{2,}")
_INITIALS = re.compile(r"(?:[^\W\d_]{1,2}\.\s*-?)+|[^\W\d_]")


def folded(text: str) -> str:
    """Return text in small plain letters: no accents, apostrophes or hyphens, and ``ij`` as ``y``.

    Example:
        >>> folded("D'Élégance  van IJzendoorn-'t Hart")
        'delegance van yzendoorn t hart'
    """
    lowered = text.lower().translate(_LETTERS)
    if not lowered.isascii():
        lowered = "".join(each for each in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(each))
    plain = re.sub(r"['’`´]", "", lowered)  # noqa: RUF001  # how people write
    return re.sub(r"[^a-z0-9]+", " ", plain).strip().replace("ij", "y")


def surname_of(text: str) -> str | None:
    """Return a surname without its particles, wherever they stand.

    Example:
        >>> surname_of("van der Berg"), surname_of("Berg, van der"), surname_of("'t Hart"), surname_of("Dijk")
        ('berg', 'berg', 'hart', 'dyk')
        >>> surname_of("Smit-de Boer"), surname_of("van der")
        ('smit boer', 'van der')
    """
    words = folded(text).split()
    kept = [each for each in words if each not in PARTICLES] or words
    return " ".join(kept) if kept and not set(kept) <= _NOBODY else None


def given_of(text: str) -> tuple[str | None, str | None]:
    """Return a first name, None where there are only initials, and its initial.

    Example:
        >>> given_of("Jan-Willem"), given_of("J.W."), given_of("Th."), given_of("onbekend")
        (('jan', 'j'), (None, 'j'), (None, 't'), (None, None))
    """
    words = folded(text).split()
    if not words or words[0] in _NOBODY or not words[0][0].isalpha():
        return None, None
    first = words[0]
    return (None if _INITIALS.fullmatch(text.strip()) or len(first) == 1 else first), first[0]


def parted(name: str) -> tuple[str, str]:
    """Return the given names and the surname of a full name.

    Example:
        >>> parted("Dhr. J.P. van der Berg"), parted("de Vries, Anna"), parted("Anna Smit - de Boer"), parted("Jansen")
        (('J.P.', 'van der Berg'), ('Anna', 'de Vries'), ('Anna', 'Smit-de Boer'), ('', 'Jansen'))
    """
    told = re.sub(r"\s*-\s*", "-", name.strip())
    before, comma, after = told.partition(",")
    if comma and after.strip():
        return _untitled(after), _untitled(before)
    words = _untitled(told).split()
    if len(words) < 2:  # noqa: PLR2004  # one word is a surname
        return "", " ".join(words)
    start = len(words) - 1
    for place in range(1, len(words)):
        if folded(words[place]) in PARTICLES or "-" in words[place]:
            start = place
            break
    return " ".join(words[:start]), " ".join(words[start:])


def _untitled(text: str) -> str:
    words = text.split()
    while len(words) > 1 and (folded(words[0]) in _TITLES or (folded(words[0]) == "de" and folded(words[1]) == "heer")):
        words = words[1:]
    return " ".join(words)


_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"ph", "f"), (r"th", "t"), (r"sch", "s"), (r"c?kx|x", "ks"), (r"ck|q", "k"), (r"ch|gh", "g"), (r"c(?=[eiy])", "s"),
        (r"c", "k"), (r"z", "s"), (r"v", "f"), (r"dt\b", "t"), (r"d\b", "t"), (r"b\b", "p"), (r"[aeiouyh]+", ""),
        (r"(.)\1+", r"\1"),
    )
)  # fmt: skip


@lru_cache(maxsize=65_536)
def sound_of(word: str) -> str:
    """Return how a folded name sounds in Dutch: its consonants, those that are heard alike written alike.

    Example:
        >>> sound_of("vries") == sound_of("fries"), sound_of("schmidt") == sound_of("smit"), sound_of("bakker")
        (True, True, 'bkr')
    """
    first = word.split(" ", 1)[0]
    told = first
    for pattern, sound in _SOUNDS[:-2]:
        told = pattern.sub(sound, told)
    vowel = told[:1] if told[:1] in "aeiouyh" else ""
    for pattern, sound in _SOUNDS[-2:]:
        told = pattern.sub(sound, told)
    return (vowel + told) or first


@lru_cache(maxsize=65_536)
def birth_date(text: str) -> str | None:
    """Return a birth date as year-month-day; None where a system filled one in for want of a better.

    Example:
        >>> birth_date("3-12-1980"), birth_date("19801203"), birth_date("1980-12-03 00:00"), birth_date("01-01-1900")
        ('1980-12-03', '1980-12-03', '1980-12-03', None)
    """
    parts = re.findall(r"\d+", re.split(r"[T ]", text, maxsplit=1)[0])
    if len(parts) == 1 and len(parts[0]) == 8:  # noqa: PLR2004  # yyyymmdd
        parts = [parts[0][:4], parts[0][4:6], parts[0][6:]]
    if len(parts) != 3:  # noqa: PLR2004  # year, month and day
        return None
    year, month, day = parts if len(parts[0]) == 4 else (parts[2], parts[1], parts[0])  # noqa: PLR2004  # a year has four digits
    if len(year) != 4 or len(month) > 2 or len(day) > 2 or not "1850" < year < "2100":  # noqa: PLR2004  # digits of a day, a month and a year
        return None
    if len(parts[0]) != 4 and int(month) > 12 >= int(day):  # noqa: PLR2004  # the month stood first
        month, day = day, month
    made = f"{year}-{month:0>2}-{day:0>2}"
    return None if made in _NO_DATES else made


def postcode_of(text: str) -> str | None:
    """Return a postcode without spaces, in capitals.

    Example:
        >>> postcode_of("1234 ab"), postcode_of("0000"), postcode_of("2000")
        ('1234AB', None, '2000')
    """
    made = re.sub(r"[^0-9A-Z]", "", text.upper())
    return None if not made or made[:4] in {"0000", "9999"} else made


def account_of(text: str) -> str | None:
    """Return a number by which several systems know a person, in plain signs.

    Example:
        >>> account_of("NL91 abna 0417 1643 00"), account_of("0000000")
        ('NL91ABNA0417164300', None)
    """
    made = re.sub(r"[^0-9A-Z]", "", text.upper())
    return None if len(made) < 4 or len(set(made)) == 1 else made  # noqa: PLR2004  # fewer signs tell nobody apart


def street_of(text: str) -> tuple[str | None, str | None]:
    """Return a street, and the house number where it is written behind it.

    Example:
        >>> street_of("Kerkstr. 12-A"), street_of("Laan van 't Loo"), street_of("")
        (('kerkstraat', '12'), ('laan van t loo', None), (None, None))
    """
    made = folded(text)
    found = re.fullmatch(r"(.*?\D)\s(\d+)(?:\s.*)?", made)
    street = re.sub(r"str$", "straat", found[1].strip() if found else made)
    return street or None, (found[2] if found else None)


def e164(text: str, region: str = "NL") -> str | None:
    """Return a phone number in one form; None where it was withheld or is nobody's.

    Parameters:
        text: as a system wrote it.
        region: country of numbers without a country code.

    Returns:
        E.164 where it is a number that can exist; else what was written, in plain signs, so that it is still told apart.

    Example:
        >>> e164("06-12 34 56 79"), e164("0031 612345679"), e164("tel:+31(0)612345679")
        ('+31612345679', '+31612345679', '+31612345679')
        >>> e164("anonymous"), e164("0000000000"), e164("204")
        (None, None, '204')
    """
    told = text.strip()
    if region == "NL" and _NATIONAL.fullmatch(told):
        told = f"+31{told[1:]}"
    elif not _INTERNATIONAL.fullmatch(told):
        return _odd_number(told, region)
    return None if told[4:].strip(told[3]) == "" or told[1:] in NO_NUMBERS else told


@lru_cache(maxsize=262_144)
def _odd_number(text: str, region: str) -> str | None:
    told = re.sub(r"^(tel|sips?|callto):", "", text.lower()).split("@")[0]
    digits = re.sub(r"\D", "", told)
    if not digits:
        return None
    if re.search(r"[a-wyz]", re.sub(r"ext\.?|toestel|tst\.?", "", told)):
        return told  # a pseudonym that somebody else gave
    if not digits.strip("0") or (len(digits) > 4 and len(set(digits.lstrip("0"))) == 1) or digits in NO_NUMBERS:  # noqa: PLR2004  # an extension may be 111
        return None
    plain = re.sub(r"\(0\)", "", told)
    if not plain.startswith("+") and plain.startswith("00"):
        plain = "+" + plain[2:]
    try:
        found = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException:
        return digits
    if not phonenumbers.is_possible_number(found):
        return ("+" if plain.startswith("+") else "") + digits
    made = str(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164))
    return None if made[1:] in NO_NUMBERS or len(set(str(found.national_number))) == 1 else made


def mailbox(text: str) -> str | None:
    """Return a mail address in one form; None where it is nobody's.

    Example:
        >>> mailbox(" J.Jansen+Shop@GoogleMail.com "), mailbox("test@test"), mailbox("geen@bedrijf.nl")
        ('jjansen@gmail.com', None, None)
        >>> mailbox("Anna <anna@kpn.nl>"), mailbox("81ff03a2")
        ('anna@kpn.nl', '81ff03a2')
    """
    told = text.strip().lower().removeprefix("mailto:")
    if "<" in told:
        told = told.partition("<")[2].partition(">")[0].strip()
    if "@" not in told:
        return told if len(told) >= 8 and any(each.isdigit() for each in told) else None  # noqa: PLR2004  # a pseudonym that somebody else gave
    if not _MAIL.fullmatch(told):
        return None
    local, _, domain = told.partition("@")
    local = local.split("+")[0]
    if domain in {"gmail.com", "googlemail.com"}:
        local, domain = local.replace(".", ""), "gmail.com"
    if not local or local in NO_BOXES or domain in NO_DOMAINS:
        return None
    return f"{local}@{domain}"


def pseudonym(column: str, text: str, key: bytes, region: str = "NL") -> str | None:
    """Return what the store has instead of a handle; None where it is nobody's.

    Parameters:
        column: the canonical column, such as ``phone``; phones and mails are written one way first.
        text: the handle.
        key: the organisation's secret.
        region: country of phone numbers without a country code.

    Example:
        >>> pseudonym("phone", "06-12345679", b"k") == pseudonym("phone", "+31612345679", b"k")
        True
    """
    plain = e164(text, region) if column == "phone" else mailbox(text) if column == "mail" else text.strip().lower()
    return hmac.new(key, plain.encode(), "sha256").hexdigest()[:32] if plain else None


def normalised(  # noqa: PLR0913  # what a record may say of a person
    *,
    name: str | None = None,
    given_name: str | None = None,
    surname: str | None = None,
    birth_date: str | None = None,
    postcode: str | None = None,
    house_number: str | None = None,
    street: str | None = None,
    place: str | None = None,
    phone: str | None = None,
    mail: str | None = None,
    account: str | None = None,
    region: str = "NL",
) -> dict[str, str | None]:
    """Return what is known of a customer in the form in which records are compared.

    Parameters:
        name: the full name, where given name and surname are not told apart.
        given_name, surname, birth_date, postcode, house_number, street, place, phone, mail, account: as a system wrote them.
        region: country of phone numbers without a country code.

    Returns:
        One entry for each of ``FIELDS``; None where nothing is known.

    Example:
        >>> told = normalised(name="Mw. Ann van Dijk", birth_date="1-2-1970", phone="withheld")
        >>> told["given"], told["surname"], told["born"], told["phone"]
        ('ann', 'dyk', '1970-02-01', None)
    """
    found = one(
        (name, given_name, surname, birth_date, postcode, house_number, street, place, phone, mail, account), region
    )
    return dict(zip(FIELDS, found, strict=True))


def one(said: tuple[str | None, ...], region: str) -> tuple[str | None, ...]:
    """Return ``FIELDS`` of one record that says ``SAID``."""
    name, given_name, surname, born, postcode, house, street, place, phone, mail, account = said
    if name and not (given_name and surname):
        first, last = _parted(name)
        given_name, surname = given_name or first, surname or last
    given, initial = _given(given_name) if given_name else (None, None)
    family = _surname(surname) if surname else None
    date = birth_date(born) if born else None
    code = postcode_of(postcode) if postcode else None
    road, behind = _street(street) if street else (None, None)
    number = re.match(r"\s*0*(\d+)", house) if house else None
    box = mailbox(mail) if mail else None
    return (
        given, initial, sound_of(given) if given else None, family, sound_of(family) if family else None,
        date, *(date.split("-") if date else (None, None, None)),
        code, code[:4] if code and len(code) == 6 and code[:4].isdigit() else code,  # noqa: PLR2004  # 1234AB
        number[1] if number else behind, road, _place(place) if place else None,
        e164(phone, region) if phone else None, box, box.split("@")[0] if box else None,
        account_of(account) if account else None, None, None, None, None,
    )  # fmt: skip


@lru_cache(maxsize=65_536)
def _place(text: str) -> str | None:
    made = folded(text)
    return _PLACES.get(made, made) or None


_parted = lru_cache(maxsize=65_536)(parted)
_given = lru_cache(maxsize=65_536)(given_of)
_surname = lru_cache(maxsize=65_536)(surname_of)
_street = lru_cache(maxsize=65_536)(street_of)
