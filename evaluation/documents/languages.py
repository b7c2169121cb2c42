"""Function words by language: the words that join sentences. A list of keywords contains none of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

# A third to a half of the words of a text are function words.
_WORDS = {
    "English": """
    a about after all also an and any are as at be because been before being both but by can cannot could did do
    does each for from had has have here how if in into is it its just may more most must needs no not of off on one
    only or other our out over own same should since so some such than that the their them then there these they this
    those through to under until up used using was we were what when where which while who whose will with within
    without would you your""",
    "German": """
    aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bis da damit dann das dass
    dem den der deren des die dies diese diesem diesen dieser dieses doch dort durch ein eine einem einen einer eines
    er es etwa fuer für hat haben hier ihr ihre ihren im immer in ins ist ja jede jedem jeden jeder jedes kann kein
    keine keinen können konnte man mehr mit muss müssen nach nicht noch nur ob oder ohne sehr sein seine sich sie sind
    so sobald soll sollen sollte sonst sowie sowohl statt über um und uns unter vom von vor war was weil welche
    welchem welchen welcher welches wenn wer werden wie wird wo wurde wurden zu zum zur zwischen""",
    "French": """
    à afin ainsi alors après au aussi autre aux avant avec car ce cela ces cette chaque comme dans de des donc dont du
    elle elles en entre est et être eux faut il ils je la le les leur lorsque mais même ne non nos notre nous on ont ou
    où par pas peut peuvent plus pour qu que qui quand sa sans se sera ses si son sont sous sur tous tout toute très un
    une vers via""",
    "Spanish": """
    al algo antes así aunque cada como con cuando de debe del desde donde dos el ella ellos en entre era es esa ese
    esta está están este esto estos fue hay la las le lo los más me mismo muy no nos nuestro o otra otro para pero
    porque por puede pueden que se ser si sí sin sobre son su sus también tiene todo todos un una uno y ya""",
    "Italian": """
    a ad ai al alla alle anche che chi ci come con cui da dal dalla degli dei del della delle di dove e è ed essere
    gli ha hanno i il in la le lo loro ma nei nel nella non o ogni per perché più può quando questa questo se senza si
    solo sono su sul sulla tra tutti un una uno viene""",
    "Portuguese": """
    a ao aos as até cada com como da das de deve do dos e é ela ele em entre era essa esse esta está este eu foi há
    isso mais mas mesmo muito na não nas nem no nos o os ou outra outro para pela pelo pode podem por porque quando
    que se sem ser seu seus só são sua também tem todos um uma""",
    "Dutch": """
    aan af al alle als bij dan dat de deze die dit door dus een en er elk geen haar heeft hebben het hier hoe hun ik in
    is kan kunnen maar meer met moet na naar niet nog nu of om onder ons ook op over te tot uit van veel voor want was
    wat we wel welke wij worden wordt zal ze zich zijn zo zonder""",
    "Polish": """
    a aby ale bez być co czy dla do gdy i ich in jak jako jest je każdy która które który lub ma może na nad nie o od
    oraz po pod przez przy są się tak także ten to tego tej tym w we wszystkie z za ze że żeby""",
    "Czech": """
    a aby ale bez být co by do i já jak jako je jeho jen již jsou k každý která které který má může na nebo není o od
    pak po pod pro protože při se si tak také ten to v ve všechny z za ze že""",
    "Turkish": """
    ama bir bu böyle çok çünkü da daha de değil diye en gibi hem her hiç ile ise için kadar ki mi mu nasıl ne o olan
    olarak olduğu olur sadece sonra şu tüm üzerinde var ve veya ya yok""",
    "Swedish": """
    alla att av bara behöver blir då de den det där du eller en ett finns för från ha han har inte i in kan man med men
    många måste när nu och också om på samma ska som så till under upp ut utan var vi vid vilken är över""",
    "Danish and Norwegian": """
    af alle at av bare blir bliver da de den der det du eller en er et for fra har hvis hver i ikke ind kan man med
    men må når og også om op på samme skal som så til ud uden var ved vi være""",
    "Finnish": """
    ei eli että hän ja jos joka jonka jotka kaikki kanssa koska kuin kun mutta myös mitä mukaan niin niitä näin olla on
    ovat se sekä sen siihen siitä sitä tai tämä tämän vain voi voidaan""",
    "Hungarian": """
    a az ahhoz amely ami azt be csak de egy ez ezt és fel hanem hogy ha is kell ki le lehet meg mert mint minden nem
    pedig s szerint van vagy vele""",
    "Romanian": """
    a acest această ai al ale altă are ca care ce când cu cum da dacă de din doar este fără fi fie în între la mai nu
    o pe pentru poate prin sau se sunt să și toate un una unui""",
    "Croatian and Serbian": """
    a ako ali bez bi da do gdje i ih ili iz je jer jedan jedna još kada kako koja koje koji može na ne nije o od po
    pod sa samo se su svaki sve što ta te to u uz za""",
    "Vietnamese": """
    bằng cả các có cho của cần cũng chỉ đã để đó được hoặc không khi là lại mà một mỗi nào này nếu người như nhưng ra
    rằng sẽ sau tất thì theo trên trong từ và vào vì với""",
    "Indonesian": """
    adalah agar akan atau bahwa bisa dalam dan dapat dari dengan di harus hanya ini itu jika juga karena ke kita lain
    maka oleh pada saat sama satu sebagai seperti semua setiap sudah tanpa telah tidak untuk yang""",
    "Russian": """
    а без более бы быть в вам все всё где для до его если есть ещё же за и из или их к как когда который которые
    которая который мы на не него нет но о он она они от по при с сам со так также то только у уже чем что чтобы
    эта это этот этом""",
    "Ukrainian": """
    а або але без бути був в вже від він для до є з за й і із їх його к коли кожен лише ми може на не ні про при
    та так також те ти то тому у це цей чи що щоб як яка який які""",
    "Greek": """
    από για δεν είναι ένα ένας έχει η ή θα και κάθε με μία μια μπορεί να ο οι όπως όταν ότι που σε στη στην στο στον
    τα τη την της τι τις το τον του τους των ως""",
}  # fmt: skip
FUNCTION_WORDS = {name: frozenset(text.split()) for name, text in _WORDS.items()}
# The function words of the most common languages; others are looked up by language.
COMMON = FUNCTION_WORDS["English"] | FUNCTION_WORDS["German"]
# The patterns of a rubric are in these languages.
OF_RUBRICS = ("English", "German")
_LETTER = re.compile(r"[^\W\d_]")
_KNOWN_SCRIPT = re.compile(r"[A-Za-z\u00C0-\u024F\u1E00-\u1EFF\u0370-\u03FF\u0400-\u04FF]")
_OWN_SCRIPT, _CLEARLY = 0.3, 1.25


def language_of(words: Sequence[str]) -> tuple[str, float]:
    """Return the language of most function words of a text, and their share of all words.

    English and German win unless another language has clearly more: words such as ``a`` and ``is`` are in many.

    Args:
        words: the words of the text, in lower case.
    """
    if not words:
        return "", 0.0
    shares = {
        name: sum(word in known for word in words) / len(words) for name, known in FUNCTION_WORDS.items()
    }
    best = max(shares, key=shares.__getitem__)
    usual = max(OF_RUBRICS, key=shares.__getitem__)
    chosen = best if shares[best] > _CLEARLY * shares[usual] else usual
    return chosen, shares[chosen]


def in_unknown_script(text: str) -> bool:
    """Return whether a text is in a writing system that is not split into words, such as Chinese or Arabic."""
    letters = _LETTER.findall(text[:20_000])
    unknown = sum(_KNOWN_SCRIPT.match(letter) is None for letter in letters)
    return bool(letters) and unknown > _OWN_SCRIPT * len(letters)
