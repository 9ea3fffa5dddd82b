<?php
/**
 * The mail that asks a customer where a refund shall go. Its link decides that, so it stands in this mail and nowhere else:
 * in no note, which the order's page, its tracking and exports show.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

class RefundMail extends \WC_Email
{
    /** @var int */
    private $satang = 0;
    /** @var string */
    private $link = '';

    public function __construct()
    {
        $this->id = Plugin::REFUND_MAIL;
        $this->customer_email = true;
        $this->title = __('Where a PromptPay refund shall go', 'paygate-promptpay');
        $this->description = __('Mailed to customers when a refund is asked for, with a link to say where the money shall go.', 'paygate-promptpay');
        $this->placeholders = ['{order_number}' => ''];
        parent::__construct();
    }

    public function get_default_subject()
    {
        return __('Where shall we send your money for order {order_number}?', 'paygate-promptpay');
    }

    public function get_default_heading()
    {
        return __('Your refund', 'paygate-promptpay');
    }

    /** Whether it was really sent. */
    public function ask(\WC_Order $order, int $satang, string $link): bool
    {
        $this->setup_locale(); // The customer's, not that of who pressed the button.
        try {
            $this->object = $order;
            $this->recipient = (string) $order->get_billing_email();
            $this->placeholders['{order_number}'] = (string) $order->get_order_number();
            $this->satang = $satang;
            $this->link = $link;
            if (!$this->is_enabled() || !$this->get_recipient()) {
                return false;
            }
            return (bool) $this->send($this->get_recipient(), $this->get_subject(), $this->get_content(), $this->get_headers(), $this->get_attachments());
        } finally {
            $this->link = '';
            $this->restore_locale();
        }
    }

    public function get_content_html()
    {
        // Not the link as a text: WordPress makes a dash of "--" in texts.
        $body = '<p>' . esc_html($this->words()) . '</p><p><a href="' . esc_url($this->link) . '">'
            . esc_html__('Say where it shall go', 'paygate-promptpay') . '</a></p>';
        return WC()->mailer()->wrap_message($this->get_heading(), $body);
    }

    public function get_content_plain()
    {
        return $this->get_heading() . "\n\n" . $this->words() . "\n\n" . $this->link . "\n";
    }

    private function words(): string
    {
        /* translators: %s: amount in baht */
        return sprintf(__('We are sending you ฿%s back. Please say on this page where it shall go. The link is for you alone: who has it can say so, too.', 'paygate-promptpay'), Money::show($this->satang));
    }
}
