export default function Shop() {
  return (
    <main>
      <h1>Coffee beans, ฿150</h1>
      <form method="post" action="/buy"><button>Pay with PromptPay</button></form>
    </main>
  );
}
