<?php
/**
 * Something went wrong, in words for the person who is waiting. The payer's, or the shop's owner's.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

final class Trouble extends \RuntimeException
{
}
