package parley.web;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Somebody at a browser, and what they do there. Remembers what a page must never do. */
final class BrowserUser {
  /** What a browser says in its console when the network is away: not the page's fault. */
  private static final Pattern NETWORK = Pattern.compile("net::ERR_|WebSocket connection to");

  private final BrowserContext context;
  private final String base;
  private final String username;
  private final List<String> complaints = new ArrayList<>();
  private Page page;

  BrowserUser(BrowserContext context, String base, String username) {
    this.context = context;
    this.base = base;
    this.username = username;
    context.onConsoleMessage(
        message -> {
          if (message.type().equals("error") && !NETWORK.matcher(message.text()).find()) {
            complaints.add("console: " + message.text());
          }
        });
    context.onWebError(error -> complaints.add("error: " + error.error()));
    context.onDialog(
        dialog -> {
          complaints.add("dialog: " + dialog.message());
          dialog.dismiss();
        });
    context.addInitScript(
        "addEventListener('securitypolicyviolation',"
            + " event => console.error('policy: ' + event.violatedDirective))");
    page = context.newPage();
  }

  String username() {
    return username;
  }

  Page page() {
    return page;
  }

  BrowserContext context() {
    return context;
  }

  /** Errors in the console, broken policies and dialogs so far. */
  List<String> complaints() {
    return List.copyOf(complaints);
  }

  void register(String name) {
    page.navigate(base);
    button("Create an account").click();
    page.getByLabel("Username").fill(username);
    page.getByLabel("Your name").fill(name);
    page.getByLabel("Password", new Page.GetByLabelOptions().setExact(true)).fill("long enough");
    button("Create account").click();
    assertThat(page.getByRole(AriaRole.HEADING, heading("No chats yet"))).isVisible();
    assertThat(page.locator(".banner")).isHidden();
  }

  /** Closes the tab and opens another one, as after a restart of the browser. */
  void reopen() {
    String address = page.url();
    page.close();
    page = context.newPage();
    page.navigate(address);
  }

  void startChat(BrowserUser other) {
    button("New chat").click();
    page.getByLabel("Username").fill(other.username());
    button("Start chat").click();
    assertThat(page.locator("dialog")).hasCount(0);
    assertThat(input()).isVisible();
  }

  void startGroup(String name, BrowserUser... others) {
    button("New chat").click();
    button("New group instead").click();
    page.getByLabel("Group name").fill(name);
    for (int i = 0; i < others.length; i++) {
      Locator field = page.getByLabel("Add people by username");
      field.fill(others[i].username());
      field.press("Enter");
      assertThat(page.locator(".chip")).hasCount(i + 1);
    }
    button("Create group").click();
    assertThat(page.getByRole(AriaRole.HEADING, heading(name))).isVisible();
  }

  void open(String name) {
    row(name).click();
    assertThat(page.locator(".chat-title").getByText(name)).isVisible();
  }

  /** The row of the inbox with this name. */
  Locator row(String name) {
    Locator title =
        page.locator(".row-name").getByText(name, new Locator.GetByTextOptions().setExact(true));
    return page.locator("a.row").filter(new Locator.FilterOptions().setHas(title));
  }

  Locator input() {
    return page.getByRole(AriaRole.TEXTBOX, new Page.GetByRoleOptions().setName("Message"));
  }

  void say(String text) {
    input().fill(text);
    button("Send").click();
  }

  /** The message that reads so now. */
  Locator message(String text) {
    Locator exact =
        page.locator(".text").getByText(text, new Locator.GetByTextOptions().setExact(true));
    return page.locator(".message").filter(new Locator.FilterOptions().setHas(exact));
  }

  Locator tick(String text, String state) {
    return message(text).locator(".meta .tick-" + state);
  }

  /** Opens the menu of a message. */
  void act(String text, String action) {
    Locator message = message(text);
    message.hover();
    message.getByRole(AriaRole.BUTTON, named("More actions")).click();
    page.getByRole(AriaRole.MENUITEM, new Page.GetByRoleOptions().setName(action)).click();
  }

  Locator button(String name) {
    return page.getByRole(
        AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
  }

  void picture(String name) {
    page.screenshot(
        new Page.ScreenshotOptions().setPath(Path.of("target", "screenshots", name + ".png")));
  }

  void close() {
    context.close();
  }

  private static Page.GetByRoleOptions heading(String name) {
    return new Page.GetByRoleOptions().setName(name).setExact(true);
  }

  private static Locator.GetByRoleOptions named(String name) {
    return new Locator.GetByRoleOptions().setName(name);
  }
}
