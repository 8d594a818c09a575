/// Downloads one page.
pub fn download(#[shared] agent: &Agent, url: &str) -> Result<String, Error> {
    agent.get(url)
}
