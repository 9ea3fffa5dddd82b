<?php
/**
 * Another request works on the same order: come again.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

final class Busy extends \RuntimeException
{
}
