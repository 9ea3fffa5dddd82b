import pytest

from emvco import banks


def test_the_banks_that_people_use_are_found_by_code_and_name():
    for code, name in [
        ("002", "BBL"),
        ("004", "KBANK"),
        ("006", "KTB"),
        ("011", "TTB"),
        ("014", "SCB"),
        ("025", "BAY"),
    ]:
        assert banks.find(code) is banks.find(name.lower()) is not None
        assert (banks.find(code).code, banks.find(code).abbreviation) == (code, name)
    assert banks.name_of("030", "th") == "ธนาคารออมสิน"
    assert banks.name_of("030") == "Government Savings Bank"
    assert banks.name_of("009", "th") == "Oversea-Chinese Banking Corporation"


@pytest.mark.parametrize(("alias", "code"), [("TCD", "071"), ("LHFG", "073"), ("IBANK", "066"), ("TMB", "011")])
def test_other_abbreviations_are_known(alias, code):
    assert banks.find(alias).code == code


def test_an_unknown_bank_is_no_error():
    assert banks.find("999") is banks.name_of("999") is banks.find("") is None


def test_the_table_is_in_order_and_no_name_means_two_banks():
    assert len(banks.BANKS) == 38
    codes = [bank.code for bank in banks.BANKS]
    assert codes == sorted(set(codes))
    names = [name for bank in banks.BANKS for name in (bank.code, bank.abbreviation, *bank.aliases)]
    assert len(names) == len(set(names))
    assert all(name == name.upper() for name in names)
