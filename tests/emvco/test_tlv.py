import pytest

from emvco import InputError, tlv


@pytest.mark.parametrize("value", ["", "x" * 100])
def test_a_value_that_no_length_can_say_is_not_written(value):
    with pytest.raises(InputError, match="bad_length"):
        tlv.write("59", value)


def test_lengths_count_characters_and_not_bytes():
    assert tlv.write("01", "ร้านกาแฟ") == "0108ร้านกาแฟ"
    assert tlv.read("0108ร้านกาแฟ") == (("01", "ร้านกาแฟ", 0),)


def test_a_part_of_a_text_is_read_with_offsets_of_the_whole():
    assert tlv.read("xx5802THyy", 2, 8) == (("58", "TH", 2),)
