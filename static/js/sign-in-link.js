// The link itself changes nothing (mail scanners open links): this page posts its form at once, and has a button without script.
document.getElementById("sign-in-link").requestSubmit();
