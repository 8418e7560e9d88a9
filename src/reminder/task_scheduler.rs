//! The definition of a task for the Windows Task Scheduler.

use crate::reminder::launchd::escaped;
use crate::reminder::{Errand, HOUR, MARK};

/// How the task is called.
pub(super) const TASK: &str = r"\mcpcred\remind";

/// The definition, as text; the Task Scheduler reads it as UTF-16. `user` is whose session it runs in.
pub(super) fn task(errand: &Errand, user: Option<&str>) -> String {
    let user = user.map(|user| format!("      <UserId>{}</UserId>\n", escaped(user))).unwrap_or_default();
    let arguments: Vec<String> = errand.arguments.iter().map(|argument| quoted(argument)).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n\
        <Task version=\"1.3\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\n\
        \x20 <RegistrationInfo>\n\
        \x20   <Description>Tells each day which credentials of MCP servers should be replaced; {MARK}</Description>\n\
        \x20 </RegistrationInfo>\n\
        \x20 <Triggers>\n\
        \x20   <CalendarTrigger>\n\
        \x20     <StartBoundary>2026-01-01T{HOUR:02}:00:00</StartBoundary>\n\
        \x20     <ScheduleByDay>\n\
        \x20       <DaysInterval>1</DaysInterval>\n\
        \x20     </ScheduleByDay>\n\
        \x20   </CalendarTrigger>\n\
        \x20 </Triggers>\n\
        \x20 <Principals>\n\
        \x20   <Principal id=\"Author\">\n{user}\
        \x20     <LogonType>InteractiveToken</LogonType>\n\
        \x20     <RunLevel>LeastPrivilege</RunLevel>\n\
        \x20   </Principal>\n\
        \x20 </Principals>\n\
        \x20 <Settings>\n\
        \x20   <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>\n\
        \x20   <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>\n\
        \x20   <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>\n\
        \x20   <StartWhenAvailable>true</StartWhenAvailable>\n\
        \x20   <ExecutionTimeLimit>PT5M</ExecutionTimeLimit>\n\
        \x20 </Settings>\n\
        \x20 <Actions Context=\"Author\">\n\
        \x20   <Exec>\n\
        \x20     <Command>{command}</Command>\n\
        \x20     <Arguments>{arguments}</Arguments>\n\
        \x20   </Exec>\n\
        \x20 </Actions>\n\
        </Task>\n",
        command = escaped(&errand.program),
        arguments = escaped(&arguments.join(" ")),
    )
}

/// An argument as the C library of Windows takes it apart. Ours hold no quotes: they are flags and a profile's name.
fn quoted(argument: &str) -> String {
    if argument.contains(char::is_whitespace) { format!("\"{argument}\"") } else { argument.to_owned() }
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use quick_xml::events::Event;

    use super::*;
    use crate::reminder::launchd::agent;

    fn errand() -> Errand {
        Errand {
            program: r#"C:\Tools & <More>\"x"\mcpcred.exe"#.to_owned(),
            arguments: ["remind", "--profile", "work"].map(str::to_owned).to_vec(),
            variables: vec![("MCPCRED_DATA_DIR".to_owned(), "/a & b".to_owned())],
        }
    }

    /// Every element with its parent and the text in it, in their order.
    fn elements(xml: &str) -> Vec<(String, String)> {
        let mut reader = Reader::from_str(xml);
        let (mut path, mut found): (Vec<String>, Vec<(String, String)>) = (Vec::new(), Vec::new());
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => {
                    path.push(start.name().as_ref().to_owned());
                    found.push((path.join("/"), String::new()));
                }
                Event::End(_) => drop(path.pop()),
                Event::Text(text) => {
                    if let Some((_, whole)) = found.last_mut() {
                        whole.push_str(&text);
                    }
                }
                Event::GeneralRef(reference) => {
                    let character = match &*reference {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        other => panic!("{other}"),
                    };
                    if let Some((_, whole)) = found.last_mut() {
                        whole.push(character);
                    }
                }
                Event::Eof => {
                    for (_, text) in &mut found {
                        *text = text.trim().to_owned();
                    }
                    return found;
                }
                _ => {}
            }
        }
    }

    /// What the schema of tasks asks for (MS-TSCH, 2.5; its text was validated by the published one of version 1.3), of
    /// the parts that we use: each element below its parent, each once, and a day's trigger with its beginning before
    /// its interval.
    #[test]
    fn a_task_has_the_parts_that_its_schema_asks_for() {
        let found = elements(&task(&errand(), Some(r"HOST\user")));
        let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        let expected = [
            "Task",
            "Task/RegistrationInfo",
            "Task/RegistrationInfo/Description",
            "Task/Triggers",
            "Task/Triggers/CalendarTrigger",
            "Task/Triggers/CalendarTrigger/StartBoundary",
            "Task/Triggers/CalendarTrigger/ScheduleByDay",
            "Task/Triggers/CalendarTrigger/ScheduleByDay/DaysInterval",
            "Task/Principals",
            "Task/Principals/Principal",
            "Task/Principals/Principal/UserId",
            "Task/Principals/Principal/LogonType",
            "Task/Principals/Principal/RunLevel",
            "Task/Settings",
            "Task/Settings/MultipleInstancesPolicy",
            "Task/Settings/DisallowStartIfOnBatteries",
            "Task/Settings/StopIfGoingOnBatteries",
            "Task/Settings/StartWhenAvailable",
            "Task/Settings/ExecutionTimeLimit",
            "Task/Actions",
            "Task/Actions/Exec",
            "Task/Actions/Exec/Command",
            "Task/Actions/Exec/Arguments",
        ];
        assert_eq!(paths, expected);
        let text = |path: &str| found.iter().find(|(own, _)| own == path).unwrap().1.clone();
        assert_eq!(text("Task/Actions/Exec/Command"), errand().program);
        assert_eq!(text("Task/Actions/Exec/Arguments"), "remind --profile work");
        assert_eq!(TASK, r"\mcpcred\remind");
    }

    #[test]
    fn an_agent_is_a_property_list() {
        let found = elements(&agent(&errand()));
        let strings: Vec<&str> = found
            .iter()
            .filter(|(path, _)| path.ends_with("/array/string"))
            .map(|(_, text)| text.as_str())
            .collect();
        assert_eq!(strings, [errand().program.as_str(), "remind", "--profile", "work"]);
        let keys = found.iter().filter(|(path, _)| path == "plist/dict/key").count();
        let values = found
            .iter()
            .filter(|(path, _)| path.matches('/').count() == 2 && path != "plist/dict/key")
            .count();
        assert_eq!((keys, values), (5, 5));
    }
}
